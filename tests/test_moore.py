"Bins of Moore that count as observed are those that no dropout touches, at any bin width."
import h5py
import pytest
from neuralpile.source import find_source, sample_folder


@pytest.mark.parametrize('bin_ms', [20, 30, 100])
def test_observed_is_all_but_the_dropouts(bin_ms):
    source = find_source('moore')
    (path,) = source.raw_files(sample_folder(source))
    with h5py.File(path) as file: lost = [[round(time*1000) for time in file[f'intervals/neural_dropout/{name}']] for name in ('start_time', 'stop_time')]
    session = source.session(path, bin_ms=bin_ms)
    expected = [all((k + 1)*bin_ms <= start or stop <= k*bin_ms for start, stop in zip(*lost)) for k in range(session.n_bins)]
    assert [any(start <= k < stop for start, stop in session.observed) for k in range(session.n_bins)] == expected
