"Even-Chen the plain way: a histogram for each electrode."
from plain import NWB_UNITS_DAMAGES, default_counts, nwb_spike_times, put, published_counts, silence_nwb_unit


def published(path): return published_counts(nwb_spike_times(path))


def default(path): return default_counts(nwb_spike_times(path))


def silence(path): silence_nwb_unit(path)


DAMAGES = NWB_UNITS_DAMAGES() | {
    'missing stop times': (lambda path: put(path, 'intervals/trials/stop_time', None), 'expected `stop_time`; found no such member'),
}
