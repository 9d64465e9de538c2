"Wojcik: spikes are kept at any bin width and in any slab, whose file it is, and what published mode lets pass."
import numpy as np
import pytest
from neuralpile.sources import wojcik
from neuralpile.sources.wojcik import read_wojcik, source


@pytest.fixture
def rates_file(tmp_path):
    def write(rates, name='m1_ses1/Wom20200910_Spikes_preprocessed.npy'):
        path = tmp_path/name
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, rates)
        return path
    return write


def slow_rates(dtype=np.float64): return np.random.default_rng(0).gamma(0.5, 8, (7, 5, 350)).astype(dtype)


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
@pytest.mark.parametrize('bin_ms', [1, 7, 20, 100, 350])
def test_summed_rates_are_kept_at_any_width(rates_file, bin_ms, dtype):
    rates = slow_rates(dtype)
    counts = read_wojcik(rates_file(rates), bin_ms).counts().reshape(5, 7, -1)
    whole = rates[..., :350//bin_ms*bin_ms].sum(axis=2, dtype=float).T/1000
    assert np.abs(counts.sum(axis=2) - whole).max() <= 0.5 + 1e-6


@pytest.mark.parametrize('published', [False, True])
def test_slabs_do_not_show(rates_file, published, monkeypatch):
    path = rates_file(np.random.default_rng(0).gamma(0.5, 8, (60, 40, 2000)))
    counts = read_wojcik(path, published=published).counts()
    np.testing.assert_array_equal(counts, np.hstack([read_wojcik(rates_file(trial[None]), published=published).counts() for trial in np.load(path)]))


def test_whose_file_it_is(rates_file):
    assert read_wojcik(rates_file(slow_rates(), 'm1_ses2/Wil20201020_Spikes_preprocessed.npy')).subject_id == 'Wil'
    assert read_wojcik(rates_file(slow_rates(), 'm2_ses2/a_Spikes_preprocessed.npy')).subject_id == 'Wil'
    assert read_wojcik(rates_file(slow_rates(), 'm2_ses2/a_Spikes_preprocessed.npy'), published=True).subject_id == 'm2_ses2'
    with pytest.raises(ValueError, match='begins with Wom or Wil'): read_wojcik(rates_file(slow_rates(), 'elsewhere/a_Spikes_preprocessed.npy'))


def test_more_than_255_saturate_or_wrap(rates_file):
    rates = np.zeros((2, 3, 100))
    rates[1, 2, 20:40] = 300*50
    path = rates_file(rates)
    assert source.session(path).segment()[0][2, 6] == 255 and source.session(path).segment()[1] == 1
    assert read_wojcik(path, published=True).counts()[2, 6] == 300 - 256 and read_wojcik(path, published=True).segment()[1] == 1


def test_rounding_below_zero_is_no_negative_rate(rates_file):
    rates = slow_rates()
    rates[0, 0, 7] = -1e-13
    assert read_wojcik(rates_file(rates)).counts().sum() > 0
    rates[0, 0, 7] = -0.1
    with pytest.raises(ValueError, match='found -0.1 in trial 0, unit 0, at 7 ms'): read_wojcik(rates_file(rates))


def test_published_mode_wraps_what_is_negative_and_stops_at_what_is_missing(rates_file):
    rates = np.zeros((2, 3, 100))
    rates[1, 2, 20:40] = -80
    assert read_wojcik(rates_file(rates), published=True).counts()[2, 6] == 255
    rates[0, 1, 5] = np.nan
    with pytest.raises(ValueError, match='found nan in trial 0, unit 1, at 5 ms'): read_wojcik(rates_file(rates), published=True)
