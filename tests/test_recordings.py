"Real recordings through the template notebook, and what is wrong with files in a folder of them."
import json
import shutil

import h5py
import numpy as np
import pytest
from notebooks import SOURCES
from plain import default_counts, nwb_spike_times, published_counts

HEAD_DIRECTION, DISCRIMINATION, NO_SPIKES = 'A8604-211122.nwb', 'sub_anm00239123_ses_20170627T093549_ecephys_and_ogen.nwb', 'Pa210120-main.nwb'


@pytest.fixture
def folder(tmp_path, recordings):
    "A folder with the two recordings that have spikes."
    raw = tmp_path/'raw'
    raw.mkdir()
    for name in (HEAD_DIRECTION, DISCRIMINATION): shutil.copy(recordings/name, raw)
    return raw


def run_template(command, tmp_path, raw, **parameters):
    "The template notebook through papermill's own command, from another folder."
    arguments = [part for name, value in dict(raw_dir=raw, out_dir=tmp_path/'pile', **parameters).items() for part in ('-p', name, value)]
    return command('papermill', SOURCES/'template.ipynb', tmp_path/'executed.ipynb', *arguments, cwd=tmp_path)


def rebuilt(rows, folder):
    "Counts of every session of a built dataset, its segments put together."
    sessions = {}
    for row in rows(folder): sessions.setdefault(row['session_id'], []).append(np.array(row['spike_counts'], dtype=np.uint8))
    return {name: np.hstack(parts) for name, parts in sessions.items()}


@pytest.mark.parametrize('published', [False, True])
def test_counts_of_real_recordings(command, tmp_path, folder, rows, published):
    result = run_template(command, tmp_path, folder, published=published, max_tokens=300_000)
    assert result.returncode == 0, result.stderr
    built = rebuilt(rows, tmp_path/'pile'/'template')
    assert sorted(built) == sorted(name.removesuffix('.nwb') for name in (HEAD_DIRECTION, DISCRIMINATION))
    for name, counts in built.items():
        plain = (published_counts if published else default_counts)(nwb_spike_times(folder/f'{name}.nwb'))
        np.testing.assert_array_equal(counts, plain)
    assert sum(int(counts.sum()) for counts in built.values()) == 21_354 + 34_057
    assert {row['subject_id'] for row in rows(tmp_path/'pile'/'template')} == {'raw'}


def test_published_counts_put_ten_entries_one_bin_early(recordings):
    "Five spikes lie on an edge that the floats put too late: each is missing in its own bin and too many in the bin before."
    from neuralpile.formats import read_nwb_units
    default = read_nwb_units(recordings/HEAD_DIRECTION).counts().astype(int)
    early = read_nwb_units(recordings/HEAD_DIRECTION, published=True).counts().astype(int)
    assert (default != early).sum() == 10
    for unit, k in np.argwhere(early > default): assert early[unit, k] - default[unit, k] == 1 and default[unit, k + 1] - early[unit, k + 1] == 1


def test_session_table_of_real_recordings(command, tmp_path, folder, rows):
    run_template(command, tmp_path, folder)
    first, second = rows(tmp_path/'pile'/'template', 'sessions')
    assert (first['n_units'], first['n_spikes'], first['subject'], first['species'], first['trials']) == (3, 21_354, None, None, None)
    assert (second['n_units'], second['n_bins'], second['n_spikes'], second['subject'], second['species']) == (4, 260_198, 34_057, 'anm00239123', 'Mus musculus')
    assert len(second['trials']) == 412 and second['start_time'].startswith('2017-06-27')
    assert not first['simulated'] and len(first['raw_sha256']) == 64 and first['raw_bytes'] == (folder/HEAD_DIRECTION).stat().st_size
    for row in (first, second): assert row['bin_ms'] == 20 and row['tokens'] == row['n_units']*row['n_bins'] and row['licence'] is None


def no_units(path):
    with h5py.File(path, 'r+') as file:
        for name in ('id', 'spike_times', 'spike_times_index'):
            kind = file['units'][name].dtype
            del file['units'][name]
            file['units'][name] = np.zeros(0, dtype=kind)


FAULTS = {
    'a file without spikes': (None, ['no such member', '`units`', 'intervals']),
    'a truncated file': (lambda path: path.write_bytes(path.read_bytes()[:200_000]), ['truncated']),
    'a text file': (lambda path: path.write_text('fetched tomorrow'), ['another kind of file']),
    'an empty file': (lambda path: path.write_bytes(b''), ['readable HDF5 file']),
    'a table with no units': (no_units, ['at least one unit', 'no units']),
}


@pytest.mark.parametrize('fault', FAULTS)
def test_one_bad_file_costs_its_session(command, tmp_path, folder, recordings, rows, fault):
    spoil, says = FAULTS[fault]
    bad = folder/(NO_SPIKES if spoil is None else 'A0-bad.nwb')
    shutil.copy(recordings/(NO_SPIKES if spoil is None else HEAD_DIRECTION), bad)
    bad.chmod(0o644)
    if spoil: spoil(bad)
    result = run_template(command, tmp_path, folder)
    assert result.returncode != 0
    report = (tmp_path/'executed.ipynb').read_text()
    for text in [bad.name, 'Failures', *says]: assert text in result.stderr and text in report or text == 'Failures' and text in report, text
    assert len(rows(tmp_path/'pile'/'template', 'sessions')) == 2 and len(rebuilt(rows, tmp_path/'pile'/'template')) == 2
    record = json.loads((tmp_path/'pile'/'template'/'build.json').read_text())
    assert len(record['failures']) == 1 and record['failures'][0].startswith(f'template: {bad.name}: expected ')
    assert 'Incomplete: 1 sessions' in (tmp_path/'pile'/'template'/'README.md').read_text()


def test_the_command_fails_in_the_same_words(command, tmp_path, folder, recordings):
    shutil.copy(recordings/NO_SPIKES, folder)
    result = command('neuralpile', 'build', 'template', '--raw-dir', folder, '--out-dir', tmp_path/'pile', cwd=tmp_path)
    assert result.returncode == 1 and f'template: {NO_SPIKES}: expected `units`' in result.stderr
    assert 'Failures' in (tmp_path/'pile'/'template'/'build.ipynb').read_text()


def test_an_empty_folder(command, tmp_path):
    (tmp_path/'raw').mkdir()
    result = run_template(command, tmp_path, tmp_path/'raw')
    assert result.returncode != 0 and 'template: expected *.nwb under raw; found an empty folder' in result.stderr
    assert not (tmp_path/'pile').exists()


def test_a_silent_unit_is_a_row_of_zeros(command, tmp_path, folder, rows):
    with h5py.File(folder/HEAD_DIRECTION, 'r+') as file:
        file['units/spike_times_index'][0] = 0 # the spikes of unit 0 become those of unit 1
    assert run_template(command, tmp_path, folder).returncode == 0
    counts = rebuilt(rows, tmp_path/'pile'/'template')[HEAD_DIRECTION.removesuffix('.nwb')]
    assert counts.shape[0] == 3 and counts[0].sum() == 0 and counts.sum() == 21_354
    assert rows(tmp_path/'pile'/'template', 'sessions')[0]['n_silent_units'] == 1
