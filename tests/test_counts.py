"Binning against the plain way, on the lattices that recordings have and at the edges."
import numpy as np
import pytest
from neuralpile.counts import BinnedMatrix, BinnedSpikes, DataError, count_spikes, n_bins_until, segments, sum_rows, to_uint8
from plain import default_counts, published_counts, raster_counts


def lattice(name, rng, n):
    "Spike times in seconds as recordings have them."
    if name == 'any': return rng.uniform(0, 60, n)
    if name == '1 ms': return rng.integers(0, 60_000, n)/1000
    if name == '0.1 ms': return rng.integers(0, 600_000, n)/10_000
    if name == '30 kHz': return rng.integers(0, 1_800_000, n)/30_000
    if name == '20 ms': return rng.integers(0, 3000, n)*0.02
    if name == 'trial offset + 1 ms': return rng.choice([0.0, 3.7, 11.1, 40.3], n) + rng.integers(0, 2000, n)/1000


@pytest.mark.parametrize('name', ['any', '1 ms', '0.1 ms', '30 kHz', '20 ms', 'trial offset + 1 ms'])
@pytest.mark.parametrize('bin_ms', [20, 1, 7, 50])
def test_both_modes_equal_the_plain_way(name, bin_ms):
    for seed in range(8):
        rng = np.random.default_rng(seed)
        trains = [lattice(name, rng, n) for n in (400, 0, 3, 150)]
        np.testing.assert_array_equal(count_spikes(trains, bin_ms), default_counts(trains, bin_ms))
        np.testing.assert_array_equal(count_spikes(trains, bin_ms, published=True), published_counts(trains, bin_ms))


def test_every_place_of_the_last_spike():
    "The last spike on an edge, and a hair before and after it."
    for k in range(1, 400):
        for last in (k/50, k*0.02, np.nextafter(k*0.02, 0), np.nextafter(k*0.02, 9), np.nextafter(k/50, 9) + 1e-7):
            trains = [np.array([0.0, last, last/2]), np.array([k*0.02/3])]
            np.testing.assert_array_equal(count_spikes(trains), default_counts(trains), err_msg=repr(last))
            np.testing.assert_array_equal(count_spikes(trains, published=True), published_counts(trains), err_msg=repr(last))
            assert count_spikes(trains).sum() == 4


def test_number_of_bins_is_that_of_arange():
    for width in (1, 7, 20, 50):
        for last in np.random.default_rng(width).integers(1, 3_000_000, 3_000)/1000:
            assert n_bins_until(last, width) == len(np.arange(0, last + width/1000, width/1000)) - 1


def test_blocks_make_no_difference():
    rng = np.random.default_rng(4)
    times = np.concatenate([np.sort(lattice('1 ms', rng, n)) for n in (700, 0, 900)])
    whole = BinnedSpikes([times], [700, 700, 1600])
    pieces = BinnedSpikes(np.array_split(times, 37), np.array([700, 700, 1600], dtype=np.uint16))
    np.testing.assert_array_equal(whole.counts(), pieces.counts())
    np.testing.assert_array_equal(np.hstack([whole.counts(a, b) for a, b in segments(3, whole.n_bins, 1000)]), whole.counts())


@pytest.mark.parametrize('kind', ['uint8', 'uint16', 'uint32', 'int32', 'int64', 'uint64'])
def test_index_of_any_integer_type(kind):
    trains = [np.arange(100)/10, np.arange(90)/10, np.arange(60)/10]
    index = np.array([100, 190, 250], dtype=kind)
    np.testing.assert_array_equal(BinnedSpikes(trains, index).counts(), default_counts(trains))


def test_negative_times_are_left_out_and_counted():
    binned = BinnedSpikes([np.array([-3.0, -1e-9, 0.0, 0.5])], [4])
    assert (binned.n_negative, binned.n_spikes, binned.counts().sum()) == (2, 2, 2)


@pytest.mark.parametrize('n, default, published', [(255, 255, 255), (256, 255, 0), (300, 255, 44), (70_000, 255, 70_000 % 256)])
def test_crowded_bin(n, default, published):
    trains = [np.full(n, 0.05), np.array([1.0])]
    assert count_spikes(trains)[0, 2] == default and count_spikes(trains, published=True)[0, 2] == published
    assert to_uint8(BinnedSpikes(trains, [n, n + 1]).counts())[1] == (n > 255)


@pytest.mark.parametrize('trains, says', [
    ([], 'no units'), ([[], []], 'a spike after time zero'), ([[-1.0]], 'a spike after time zero'), ([[0.0, np.nan]], 'NaN or infinity in unit 0'),
    ([[1.0], [np.inf]], 'unit 1'), ([[1e9]], 'calendar clock'), ([[0.1, 3_600_000.0]], 'found a spike at 3600000')])
def test_bad_spike_times_stop(trains, says):
    with pytest.raises(DataError, match=says): count_spikes(trains)


@pytest.mark.parametrize('ends', [[3, 2], [5], [2], [[3]], [1.5, 3.0], [-1, 3]])
def test_bad_index_stops(ends):
    with pytest.raises(DataError): BinnedSpikes([np.array([0.1, 0.2, 0.3])], np.array(ends))


def binned_matrix(values, **options):
    return BinnedMatrix(lambda ranges: (values[first:last] for first, last in ranges), values.shape, values.dtype, **{'rate': 1000, **options})


@pytest.mark.parametrize('kind', ['bool', 'uint8', 'int8', 'uint16', 'int16', 'int32', 'int64', 'float32', 'float64'])
@pytest.mark.parametrize('factor', [1, 3, 20, 25])
def test_matrix_equals_the_plain_way(kind, factor):
    values = np.random.default_rng(factor).integers(0, 2 if kind == 'bool' else 5, (factor*31 + factor//2, 6)).astype(kind)
    counts = binned_matrix(values, bin_ms=factor).counts()
    np.testing.assert_array_equal(counts, raster_counts(values, factor))
    assert counts.shape == (6, 31)


def test_matrix_in_small_blocks_and_segments():
    values = np.random.default_rng(0).integers(0, 4, (2013, 5), dtype=np.uint8)
    binned = binned_matrix(values)
    binned.block_bytes = 700
    np.testing.assert_array_equal(np.hstack([binned.counts(0, 33), binned.counts(33, 100)]), raster_counts(values))


def test_matrix_sums_never_wrap_by_default():
    values = np.full((60, 2), 255, dtype=np.uint8)
    values[20:40] = 1
    counts, n_saturated = to_uint8(binned_matrix(values).counts())
    np.testing.assert_array_equal(counts, [[255, 20, 255]]*2)
    assert n_saturated == 4
    wrapped, _ = to_uint8(binned_matrix(values, published=True).counts(), published=True)
    np.testing.assert_array_equal(wrapped, [[(20*255) % 256, 20, (20*255) % 256]]*2)


@pytest.mark.parametrize('value', [np.nan, np.inf, -1.0, 0.5])
def test_what_is_no_count_stops(value):
    values = np.ones((100, 3))
    values[47, 2] = value
    with pytest.raises(DataError, match='row 47, unit 2'): binned_matrix(values).counts()


@pytest.mark.parametrize('shape, options, says', [((3, 100), {}, 'transposed'), ((10, 2), {}, 'at least one bin'), ((100,), {}, 'time x units'), ((100, 0), {}, 'at least one unit'),
    ((100, 2), dict(rate=60), 'whole samples'), ((100, 2), dict(bin_ms=0), 'whole samples')])
def test_bad_matrix_stops(shape, options, says):
    with pytest.raises(DataError, match=says): binned_matrix(np.zeros(shape, dtype=np.uint8), **options)


def test_sum_rows_of_any_factor():
    rng = np.random.default_rng(0)
    for factor in range(1, 70):
        values = rng.integers(0, 256, (factor*9, 4), dtype=np.uint8)
        np.testing.assert_array_equal(sum_rows(values, factor), values.reshape(9, factor, 4).sum(axis=1, dtype=int))


@pytest.mark.parametrize('n_units, n_bins, max_tokens', [(96, 90_000, 10_000_000), (192, 665_973, 10_000_000), (1678, 100_001, 10_000_000), (10_000_001, 2, 10_000_000), (7, 3, 1), (1, 1, 1)])
def test_segments_follow_the_published_rule(n_units, n_bins, max_tokens):
    number = int(np.ceil(n_units*n_bins/max_tokens))
    width = int(np.ceil(n_bins/number))
    expected = [(i*width, min((i + 1)*width, n_bins)) for i in range(number)]
    assert segments(n_units, n_bins, max_tokens) == [(start, stop) for start, stop in expected if start < stop]
