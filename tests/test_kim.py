"When a block of a penetration began, and which penetration it is."
import shutil

import numpy as np
import pytest
from neuralpile.source import find_source, sample_folder
from plain import nwb_spike_times, put


@pytest.fixture
def late_block(tmp_path):
    "A copy of the textures block, whose first trial is a second after its first spike."
    source = find_source('kim')
    path = tmp_path/'sub-A'/'sub-A_ses-20000101TX.nwb'
    path.parent.mkdir()
    shutil.copy(source.raw_files(sample_folder(source))[1], path)
    return path


def session(path, **options): return find_source('kim').session(path, **options)


def shift_trials(path, change):
    for name in ('start_time', 'stop_time'): put(path, f'intervals/trials/{name}', change)


@pytest.mark.parametrize('bin_ms', [10, 20, 50])
@pytest.mark.parametrize('published', [False, True])
def test_a_block_begins_with_its_first_spike(late_block, bin_ms, published):
    found = session(late_block, bin_ms=bin_ms, published=published)
    first_spike = min(times.min() for times in nwb_spike_times(late_block) if len(times))
    assert found.observed == [(int(first_spike*1000//bin_ms), found.n_bins)]
    assert found.counts(0, found.observed[0][0]).sum() == 0 < found.counts(found.observed[0][0], found.observed[0][0] + 1).sum()


def test_or_with_its_first_trial(late_block):
    shift_trials(late_block, lambda times: times - 20)
    assert session(late_block).observed[0][0] == round((min(start for start, _ in session(late_block).trials))*1000)//20 < 7500


def test_a_trial_before_zero_or_without_a_time(late_block):
    shift_trials(late_block, lambda times: np.where(np.arange(len(times)) == 0, np.nan, times))
    assert session(late_block).observed[0][0] == 7500
    shift_trials(late_block, lambda times: times - 1000)
    assert session(late_block).observed[0][0] == 0


def test_blocks_without_trials(late_block):
    import h5py
    with h5py.File(late_block, 'r+') as file: del file['intervals']
    assert session(late_block).observed[0][0] == 7500


def test_only_one_penetration_makes_a_recording(late_block):
    found = session(late_block)
    assert found.recording == 'sub-A/20000101p1'
    put(late_block, 'units/pen_ID', lambda names: np.where(np.arange(len(names)) == 5, b'20000101p2', names))
    assert session(late_block).recording is None
    assert find_source('kim').knows(session(late_block))['recording'] == found.session_id
    put(late_block, 'units/pen_ID', None)
    assert session(late_block).recording is None
