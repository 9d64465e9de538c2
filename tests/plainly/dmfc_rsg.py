"DMFC-rsg the plain way: a histogram for each unit."
import h5py
from plain import NWB_UNITS_DAMAGES, default_counts, nwb_spike_times, published_counts, put, silence_nwb_unit


def published(path): return published_counts(nwb_spike_times(path))


def default(path): return default_counts(nwb_spike_times(path))


def silence(path): silence_nwb_unit(path)


def reversed_index(path):
    with h5py.File(path, 'r+') as file: file['units/spike_times_index'][...] = file['units/spike_times_index'][:][::-1]


DAMAGES = NWB_UNITS_DAMAGES() | {
    'index': (reversed_index, 'an index that ascends from unit to unit'),
    'intervals': (lambda path: put(path, 'units/obs_intervals_index', None), 'expected `obs_intervals_index`; found no such member'),
}
