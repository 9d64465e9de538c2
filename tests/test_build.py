"What a build promises: schema, same bytes, nothing half-written, nothing lost."
import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import h5py
import nbformat
import numpy as np
import pyarrow.parquet as pq
import pytest
from datasets import Features, List, Value
from neuralpile import build as building
from neuralpile.build import BuildFailed, build, read_row, run_notebook, shard_name, shard_plan, write_shard
from neuralpile.counts import DataError
from neuralpile.formats import write_nwb_units
from neuralpile.source import find_source, sample_folder, simulate_trains, sources
from notebooks import ROOT, SOURCES, own_parameters

PUBLISHED_COLUMNS = Features(spike_counts=List(List(Value('uint8'))), subject_id=Value('string'), session_id=Value('string'), segment_id=Value('string'))


def digests(folder):
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob('*')) if path.is_file() and '.neuralpile' not in path.parts}


def counts_of(rows, folder):
    return [np.array(row['spike_counts'], dtype=np.uint8) for row in rows(folder)]


def fits_its_table(folder, rows, published):
    "Rows and session table of a built sample tell the same."
    built, sessions = rows(folder), rows(folder, 'sessions')
    assert list(built.features) == list(PUBLISHED_COLUMNS) and built.features == PUBLISHED_COLUMNS
    counts = [read_row(folder, number)['spike_counts'] for number in range(len(built))]
    assert sum(row.size for row in counts) == sum(sessions['tokens'])
    assert len(built) == sum(sessions['n_segments']) and all(sessions['simulated']) and set(sessions['published']) == {published}
    assert [name for row in sessions for name in [row['session_id']]*row['n_segments']] == built['session_id'][:]
    assert sum(int(row.sum()) for row in counts) == sum(sessions['n_spikes'])


@pytest.mark.parametrize('key', sources())
def test_every_source_from_its_sample(command, tmp_path, rows, key):
    "By papermill's command with two parameters, from another folder: schema, table, report; and the same bytes as from this process, which has another hash seed."
    result = command('papermill', SOURCES/f'{key}.ipynb', 'executed.ipynb', '-p', 'out_dir', 'pile', '-p', 'max_tokens', 20_000, cwd=tmp_path, env={'PYTHONHASHSEED': '7'})
    assert result.returncode == 0, result.stderr
    folder = tmp_path/'pile'/key
    fits_its_table(folder, rows, published=False)
    last = nbformat.read(tmp_path/'executed.ipynb', 4).cells[-1].outputs[-1]['data']['text/markdown']
    for text in ['simulated sample', 'max_tokens = 20000', 'published = False', '| sessions |', '| units |', '| bins |', '| tokens |', '| max count |', '| seconds |', '| failures | 0 |']: assert text in last
    again = build(find_source(key), out_dir=str(tmp_path/'again'), max_tokens=20_000, **own_parameters(SOURCES/f'{key}.ipynb')).folder
    assert digests(folder) == digests(again) and len(digests(folder)) >= 4


@pytest.mark.parametrize('key', sources())
def test_every_source_in_published_mode(tmp_path, rows, key):
    report = build(find_source(key), out_dir=str(tmp_path), published=True)
    fits_its_table(report.folder, rows, published=True)
    assert {path.name for path in tmp_path.iterdir()} == {key, '.neuralpile'} and 'published mode' in repr(report)


def recordings_like(folder, n_sessions=3, n_units=6):
    "Simulated files that pass for recordings."
    for day in range(n_sessions): write_nwb_units(folder/'sub-Y'/f'sub-Y_ses-{day}.nwb', simulate_trains(n_units, 10, np.array([3.0]), seed=day), subject='Y')
    return folder


def test_damage_in_the_last_block_leaves_no_row_of_the_session(tmp_path, rows):
    "The third segment of the second session can't be unpacked; its first two must not be in the dataset."
    raw = tmp_path/'raw'
    source = find_source('xiao')
    shutil.copytree(sample_folder(source), raw)
    for copy in ('a', 'b', 'c'): shutil.copytree(raw/'sub-Pa', raw/f'sub-{copy}')
    shutil.rmtree(raw/'sub-Pa')
    (path,) = (raw/'sub-b').glob('*_ecephys.nwb')
    with h5py.File(path, 'r+') as file:
        series = file['processing/ecephys/rasters']
        data, attributes = series['data'][:], dict(series['data'].attrs)
        del series['data']
        packed = series.create_dataset('data', data=data, chunks=(5000, 24), compression='gzip')
        packed.attrs.update(attributes)
        chunk = packed.id.get_chunk_info(11)
    with open(path, 'r+b') as file:
        file.seek(chunk.byte_offset)
        file.write(b'\0'*chunk.size)
    with pytest.raises(BuildFailed, match=r'xiao: sub-b/sub-Pa_ses-20000101_ecephys.nwb: expected a readable HDF5 file'): build(source, raw_dir=str(raw), out_dir=str(tmp_path), max_tokens=25_000)
    assert sorted(set(rows(tmp_path/'xiao')['subject_id'])) == ['sub-a', 'sub-c'] and len(rows(tmp_path/'xiao')) == 6


def test_an_earlier_dataset_never_loses_sessions(tmp_path):
    source = find_source('template')
    raw, out = recordings_like(tmp_path/'raw'), tmp_path/'pile'
    build(source, raw_dir=str(raw), out_dir=str(out))
    before = digests(out)
    with pytest.raises(DataError, match='2 missing'): build(source, raw_dir=str(raw), out_dir=str(out), n_sessions=1)
    with pytest.raises(DataError, match='3 missing'): build(source, out_dir=str(out)) # the sample, for a forgotten raw_dir
    (raw/'sub-Y'/'sub-Y_ses-1.nwb').write_text('gone')
    with pytest.raises(BuildFailed, match='It stays as it was'): build(source, raw_dir=str(raw), out_dir=str(out))
    assert digests(out) == before
    write_nwb_units(raw/'sub-Y'/'sub-Y_ses-1.nwb', simulate_trains(6, 10, np.array([3.0])), subject='Y')
    write_nwb_units(raw/'sub-Y'/'sub-Y_ses-7.nwb', simulate_trains(6, 10, np.array([3.0])), subject='Y')
    assert len(build(source, raw_dir=str(raw), out_dir=str(out)).sessions) == 4 and digests(out) != before


def test_what_is_left_out_is_said(tmp_path, rows):
    "Times before zero, and in published mode the last spike a hair above the last edge."
    end = np.nextafter(0.24, 1)
    write_nwb_units(tmp_path/'raw'/'sub-Y'/'a.nwb', [np.array([-0.2, -0.1, 0.05]), np.array([end])])
    for published, n_spikes, warnings in ((False, 2, 1), (True, 1, 2)):
        report = build(find_source('template'), raw_dir=str(tmp_path/'raw'), out_dir=str(tmp_path/'pile'), published=published)
        (row,) = rows(report.folder, 'sessions')
        assert (row['n_negative'], row['n_spikes'], len(row['warnings'])) == (2, n_spikes, warnings)
        assert 'spikes before time zero, left out: 2' in repr(report)


def test_a_crowded_bin_holds_what_fits(tmp_path, rows):
    "300 spikes in one bin are 255 and one saturated entry, or in published mode 44."
    write_nwb_units(tmp_path/'raw'/'sub-Y'/'a.nwb', [np.full(300, 0.05), np.array([0.1])])
    for published, count in ((False, 255), (True, 44)):
        report = build(find_source('template'), raw_dir=str(tmp_path/'raw'), out_dir=str(tmp_path/'pile'), published=published)
        (row,) = rows(report.folder, 'sessions')
        assert rows(report.folder)[0]['spike_counts'][0][2] == count and row['n_saturated'] == 1 and len(row['warnings']) == 1


def test_a_link_to_a_file_that_was_not_fetched_is_named(tmp_path):
    "As an annex leaves it; a build must not do without the file in silence."
    raw = recordings_like(tmp_path/'raw')
    (raw/'sub-Y'/'sub-Y_ses-9.nwb').symlink_to('../annex/objects/far-away')
    with pytest.raises(BuildFailed, match='template: sub-Y/sub-Y_ses-9.nwb: expected a readable HDF5 file'): build(find_source('template'), raw_dir=str(raw), out_dir=str(tmp_path/'pile'))


def test_sessions_of_one_name_are_told(tmp_path, rows):
    raw = recordings_like(tmp_path/'raw', n_sessions=1)
    shutil.copytree(raw/'sub-Y', raw/'again'/'sub-Y')
    build(find_source('template'), raw_dir=str(raw), out_dir=str(tmp_path/'pile'))
    assert [len(warnings) for warnings in rows(tmp_path/'pile'/'template', 'sessions')['warnings']] == [0, 1]


def test_what_lies_beside_data_is_no_data(tmp_path):
    raw = recordings_like(tmp_path/'raw')
    for name in ('README.md', 'LICENSE', 'sub-Y/README.txt', 'datacite.yml', 'dandiset.yaml'): (raw/name).write_text('about the data')
    assert len(replace(find_source('template'), archive=find_source('perich').archive).raw_files(raw)) == 3


def test_recordings_replace_a_sample(tmp_path):
    source = find_source('template')
    build(source, out_dir=str(tmp_path/'pile'))
    assert not build(source, raw_dir=str(recordings_like(tmp_path/'raw')), out_dir=str(tmp_path/'pile')).simulated
    assert pq.read_table(tmp_path/'pile'/'template'/'sessions.parquet')['simulated'].to_pylist() == [False]*3


def test_a_failed_rename_puts_the_earlier_dataset_back(tmp_path, monkeypatch):
    source, raw, out = find_source('template'), recordings_like(tmp_path/'raw'), tmp_path/'pile'
    build(source, raw_dir=str(raw), out_dir=str(out))
    before, rename = digests(out), Path.rename
    def failing(path, target):
        if path.name == 'new': raise OSError('no')
        return rename(path, target)
    monkeypatch.setattr(Path, 'rename', failing)
    with pytest.raises(OSError, match='no'): build(source, raw_dir=str(raw), out_dir=str(out), bin_ms=40)
    assert digests(out) == before
    monkeypatch.undo()
    report = build(source, raw_dir=str(raw), out_dir=str(out), bin_ms=40)
    assert report.reused == 3, 'the pieces were kept'


def test_nothing_is_left_where_nothing_was_built(tmp_path):
    (tmp_path/'raw').mkdir()
    (tmp_path/'raw'/'a.nwb').write_text('no')
    with pytest.raises(BuildFailed, match='nothing was built'): build(find_source('template'), raw_dir=str(tmp_path/'raw'), out_dir=str(tmp_path/'pile'))
    assert not digests(tmp_path/'pile')


def test_an_unknown_file_is_named(tmp_path):
    shutil.copytree(sample_folder(find_source('xiao')), tmp_path/'raw')
    (tmp_path/'raw'/'sub-Pa'/'stray.mat').write_text('?')
    with pytest.raises(DataError, match='xiao: .*found sub-Pa/stray.mat'): build(find_source('xiao'), raw_dir=str(tmp_path/'raw'), out_dir=str(tmp_path/'pile'))


@pytest.mark.parametrize('parameters', [dict(fetch='later'), dict(keep_raw=False), dict(workers=-1), dict(scheduler='node'), dict(push_to='me/pile'), dict(bin_ms=0), dict(bin_ms='20'), dict(max_tokens=0),
    dict(n_sessions=-1), dict(published='yes'), dict(raw_dir=5)])
def test_what_cannot_be_done_is_refused_first(tmp_path, parameters):
    (name,) = parameters
    with pytest.raises(DataError, match=f'perich: expected {name}'): build(find_source('perich'), out_dir=str(tmp_path/'pile'), **parameters)
    assert not (tmp_path/'pile').exists()


def test_where_files_are_to_go_or_not_is_asked_first(tmp_path):
    with pytest.raises(DataError, match='perich: expected raw_dir with a folder to download into'): build(find_source('perich'), out_dir=str(tmp_path/'pile'), fetch='download')
    with pytest.raises(DataError, match="perich: expected raw_dir '' with fetch='stream'"): build(find_source('perich'), out_dir=str(tmp_path/'pile'), fetch='stream', raw_dir='raw')
    assert not (tmp_path/'pile').exists()


@pytest.mark.parametrize('sizes', [[1], [1, 1], [40, 3, 3, 90, 1, 1, 1, 200, 5], [500, 500, 500], [500]*5, [3]*100])
def test_shards_come_back_and_none_begins_with_a_lonely_row(tmp_path, monkeypatch, sizes):
    rng = np.random.default_rng(len(sizes))
    rows = [rng.poisson(0.3, (rng.integers(1, 9), size)).astype(np.uint8) for size in sizes]
    monkeypatch.setattr(building, 'GROUP', 600)
    monkeypatch.setattr(building, 'SHARD', 2_000)
    plan = shard_plan([counts.size for counts in rows])
    assert [row for groups in plan for group in groups for row in group] == list(range(len(rows)))
    for number, groups in enumerate(plan): write_shard(tmp_path/'data'/shard_name(number, len(plan)), groups, lambda row: (rows[row], 'sub', 'ses', f'segment_{row}'))
    for number, counts in enumerate(rows):
        row = read_row(tmp_path, number)
        np.testing.assert_array_equal(row['spike_counts'], counts)
        assert row['segment_id'] == f'segment_{number}'
    with pytest.raises(DataError, match=f'{len(sizes)} rows'): read_row(tmp_path, len(sizes))
    files = sorted((tmp_path/'data').iterdir())
    for path in files if len(sizes) > 1 else (): assert pq.ParquetFile(path).metadata.row_group(0).num_rows > 1
    assert [path.name for path in files] == [f'train-{number:05d}-of-{len(files):05d}.parquet' for number in range(len(files))]


def test_many_sessions_of_one_full_segment_open(tmp_path, rows):
    "More tokens than 32-bit offsets can count, in rows that come one to a session."
    counts = np.zeros((1000, 10_000), dtype=np.uint8)
    counts[::7, ::50] = 1
    plan = shard_plan([counts.size]*230)
    for number, groups in enumerate(plan): write_shard(tmp_path/'data'/shard_name(number, len(plan)), groups, lambda row: (counts, 'sub', f'ses-{row}', 'segment_0'))
    table = rows(tmp_path).with_format('arrow')
    assert len(table) == 230
    last = table[229]['spike_counts'].chunk(0).flatten().flatten().to_numpy()
    assert last.size == counts.size and last.sum() == counts.sum()


def test_the_runner_refuses_what_papermill_would_let_pass(tmp_path):
    notebook = nbformat.read(SOURCES/'xiao.ipynb', 4)
    for cell in notebook.cells: cell.metadata.pop('tags', None)
    nbformat.write(notebook, tmp_path/'untagged.ipynb')
    with pytest.raises(DataError, match='untagged.ipynb: expected a cell tagged `parameters`'): run_notebook(tmp_path/'untagged.ipynb', tmp_path/'out.ipynb', raw_dir='raw')
    with pytest.raises(DataError, match='found raw_dri'): run_notebook(SOURCES/'xiao.ipynb', tmp_path/'out.ipynb', raw_dri='raw')
    assert not (tmp_path/'out.ipynb').exists()


def test_a_built_package_runs_without_its_checkout(command, tmp_path):
    "What a wheel would hold, notebooks included, finds its sources and notebooks."
    built = command('python', 'setup.py', '-q', 'build', '--build-base', tmp_path/'build', '--build-lib', tmp_path/'lib', 'egg_info', '--egg-base', tmp_path, cwd=ROOT)
    assert built.returncode == 0, built.stderr
    code = 'import neuralpile; from neuralpile.source import *; print(neuralpile.__file__); print([notebook_path(key).read_text()[:1] for key in sources()])'
    found = command('python', '-c', code, cwd=tmp_path, env={'PYTHONPATH': str(tmp_path/'lib')}).stdout
    assert str(tmp_path/'lib') in found and str(['{']*len(sources())) in found


def test_build_record_holds_no_paths_and_no_times(tmp_path):
    report = build(find_source('perich'), out_dir=str(tmp_path))
    record = json.loads((report.folder/'build.json').read_text())
    assert set(record['parameters']) == {'bin_ms', 'max_tokens', 'published'} and str(tmp_path) not in json.dumps(record)
