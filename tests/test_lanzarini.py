"Lanzarini: what its sample does not show."
import numpy as np
import pytest
from neuralpile.formats import save_mat
from neuralpile.sources.lanzarini import first_channel, read_channels, source
from neuralpile.source import sample_folder


@pytest.mark.parametrize('bin_ms', [10, 50, 100])
def test_other_bins(bin_ms):
    for path in source.raw_files(sample_folder(source)):
        session, as_published = source.session(path, bin_ms=bin_ms), source.session(path, bin_ms=bin_ms, published=True)
        assert session.counts().shape == as_published.counts().shape
        narrow = source.session(path).counts().sum(axis=1, dtype=int)
        late = session.counts().sum(axis=1, dtype=int) - narrow
        assert (0 <= late).all() and late.sum() <= 1 # a wider last bin may reach further


def test_times_before_zero_are_left_out_with_a_warning(tmp_path):
    path = save_mat(tmp_path/'file.mat', dict(Spk_000a_sh=[[-1.0, 0.005, 0.05]], Spk_127a_sh=np.zeros((0, 0))))
    session = read_channels(path)
    np.testing.assert_array_equal(session.counts()[[0, 127]], [[1, 0, 1], [0, 0, 0]])
    assert 'spikes before time zero, left out: 1' in session.warnings


def test_only_second_units_set_no_number_of_bins(tmp_path):
    with pytest.raises(ValueError, match='a spike after time zero in `Spk_000a_sh`'): read_channels(save_mat(tmp_path/'file.mat', dict(Spk_001b_sh=[[1.0]])))


def test_published_mode_takes_what_there_is(tmp_path):
    path = save_mat(tmp_path/'file.mat', dict(Spk_000a_sh=[[0.1]], Spk_128a_sh=[[0.2]], Spk_003c_sh=[[0.3]]))
    session = read_channels(path, published=True)
    assert session.counts().sum() == 0 and session.n_bins == 5 # the spike at 100 ms lies on the edge of a bin that is not made
    assert 'channels and units that are not read: 003c, 128a' in session.warnings


def test_counts_wrap_or_saturate(tmp_path):
    path = save_mat(tmp_path/'file.mat', dict(Spk_000a_sh=[[*np.linspace(0.001, 0.019, 300), 1.0001]]))
    assert read_channels(path).counts()[0, 0] == 255 and read_channels(path, published=True).counts()[0, 0] == 300 - 256


def test_numbering_is_said():
    assert 'may count' in first_channel({1, 127})[1]
