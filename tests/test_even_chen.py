"Spikes on a lattice of 1 ms: exact bins of any width, and trials as what was observed."
import h5py
import numpy as np
import pytest
from neuralpile.source import find_source, sample_folder


@pytest.fixture
def source(): return find_source('even-chen')


@pytest.fixture
def first_file(source): return source.raw_files(sample_folder(source))[0]


@pytest.mark.parametrize('bin_ms', [5, 10, 20, 50])
def test_no_bin_holds_more_milliseconds_than_it_has(source, first_file, bin_ms):
    counts = source.session(first_file, bin_ms=bin_ms).counts()
    assert counts.max() == bin_ms
    with h5py.File(first_file) as file: times, ends = file['units/spike_times'][:], file['units/spike_times_index'][:].astype(int)
    milliseconds = np.rint(times[ends[99]:ends[100]]*1000).astype(int) # of the electrode that fires all the time in one trial
    np.testing.assert_array_equal(counts[100], np.bincount(milliseconds//bin_ms, minlength=counts.shape[1])[:counts.shape[1]])


def test_trials_are_what_was_observed(source, first_file):
    session = source.session(first_file)
    assert len(session.observed) == len(session.trials)
    for (first, last), (start, stop) in zip(session.observed, session.trials):
        assert (first, last) == (-(-round(start*1000)//20), round(stop*1000)//20)


def test_a_session_past_midnight_is_told(source, first_file, tmp_path):
    from plain import put
    import shutil
    path = tmp_path/first_file.name
    shutil.copy(first_file, path)
    def back(times): return np.where(np.arange(len(times)) < 18, times, times - 30)
    for name in ('start_time', 'stop_time'): put(path, f'intervals/trials/{name}', back)
    assert source.session(path).warnings[0] == 'times at which the clock goes back: 1'
