"Papale's files are 58 GB: memory must not grow with them beyond the counts, and slabs must cover every trial and electrode once."
import subprocess
import sys

import h5py
import numpy as np
import pytest
from neuralpile.sources.papale import read_session, slabs

PEAK = '''
import sys, numpy as np, h5py
from pathlib import Path
from neuralpile.sources.papale import read_session
def peak(): return int(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1])*1024
read_session(sys.argv[1]) # everything is loaded
before = peak()
read_session(sys.argv[2])
print(peak() - before)
'''


def envelope_file(path, n_trials, n_electrodes, **storage):
    path.parent.mkdir(parents=True)
    rng = np.random.default_rng(n_trials)
    with h5py.File(path, 'w') as file:
        data = file.create_dataset('ALLMUA', (300, n_trials, n_electrodes), **storage)
        for trial in range(0, n_trials, 50): data[:, trial:trial+50] = rng.gamma(2, 1, (300, len(range(n_trials)[trial:trial+50]), n_electrodes))
        file['tb'], file['ALLMAT'] = np.arange(-100.0, 200.0)[None], np.ones((6, n_trials))
    return path


@pytest.mark.parametrize('shape', [(300, 7, 5), (300, 101, 64), (300, 25_248, 1024)])
@pytest.mark.parametrize('chunks', [None, (300, 1, 64), (10, 5000, 8), (300, 3, 2), (1, 20_000, 1)])
def test_slabs_cover_everything_once(shape, chunks):
    "And stay small, unless a single chunk is larger."
    seen = np.zeros(shape[1:], dtype=np.uint8)
    found = slabs(shape, chunks)
    for trials, electrodes in found: seen[trials, electrodes] += 1
    assert (seen == 1).all()
    largest = max((trials.stop - trials.start)*(electrodes.stop - electrodes.start) for trials, electrodes in found)*300*8
    assert largest <= max(64_000_000, 300*8*(chunks[1]*chunks[2] if chunks else 0))


@pytest.mark.parametrize('storage', [dict(dtype='f8'), dict(dtype='f8', chunks=(30, 7, 3), compression='gzip'), dict(dtype='f4', chunks=(300, 1, 16))])
def test_however_it_is_stored(tmp_path, storage, monkeypatch):
    monkeypatch.setattr('neuralpile.sources.papale.slabs.__defaults__', (8, 100_000))
    path = envelope_file(tmp_path/'monkeyN'/'THINGS_MUA_trials.mat', 60, 16, **storage)
    with h5py.File(path) as file: envelope = file['ALLMUA'][:]
    high = envelope > envelope.mean(axis=0) + 3.5*envelope.std(axis=0)
    expected = np.array([(high[:-1] & ~high[1:])[k*20:(k + 1)*20].sum(axis=0) for k in range(15)])
    np.testing.assert_array_equal(read_session(path).counts(), expected.transpose(2, 1, 0).reshape(16, -1))
    assert read_session(path, bin_ms=50).counts().shape == (16, 60*6)


@pytest.mark.skipif(sys.platform != 'linux', reason='reads the peak from /proc')
def test_memory_is_the_counts_and_a_slab(tmp_path):
    "737 MB of envelope are read in less than 200 MB."
    small = envelope_file(tmp_path/'monkeyA'/'THINGS_MUA_trials.mat', 3, 1024, dtype='f8')
    large = envelope_file(tmp_path/'monkeyB'/'THINGS_MUA_trials.mat', 300, 1024, dtype='f8')
    peak = int(subprocess.run([sys.executable, '-c', PEAK, small, large], capture_output=True, text=True, check=True).stdout)
    assert large.stat().st_size > 700e6 and peak < 200e6


@pytest.mark.parametrize('published', [False, True])
def test_a_dead_array_costs_its_rows_alone(tmp_path, published):
    path = envelope_file(tmp_path/'monkeyN'/'THINGS_MUA_trials.mat', 60, 16, dtype='f8')
    whole = read_session(path, published=published).counts()
    with h5py.File(path, 'r+') as file: file['ALLMUA'][:, :, 4:8] = np.nan
    session = read_session(path, published=published)
    assert not session.counts()[4:8].any() and 'electrodes without a number in any trial, rows of zeros: 4' in session.warnings
    np.testing.assert_array_equal(np.delete(session.counts(), range(4, 8), axis=0), np.delete(whole, range(4, 8), axis=0))


def test_published_mode_counts_nothing_where_there_is_no_number(tmp_path):
    path = envelope_file(tmp_path/'monkeyN'/'THINGS_MUA_trials.mat', 60, 16, dtype='f8')
    with h5py.File(path, 'r+') as file: file['ALLMUA'][7, 3, 2] = np.nan
    with pytest.raises(ValueError, match='in trial 3, electrode 2'): read_session(path)
    session = read_session(path, published=True)
    assert not session.counts()[2].reshape(15, 60)[:, 3].any() and 'trials of electrodes without a number, counted as 0: 1' in session.warnings
