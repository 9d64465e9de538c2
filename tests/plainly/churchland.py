"Churchland the plain way: a histogram for each channel."
from plain import NWB_UNITS_DAMAGES, default_counts, nwb_spike_times, put, published_counts, silence_nwb_unit


def published(path): return published_counts(nwb_spike_times(path))


def default(path): return default_counts(nwb_spike_times(path))


def silence(path): silence_nwb_unit(path)


DAMAGES = NWB_UNITS_DAMAGES() | {
    'missing intervals index': (lambda path: put(path, 'units/obs_intervals_index', None), 'expected `obs_intervals_index`; found no such member'),
}
