"What the package computes, written the plain way: one spike, one bin, one number at a time, without the package."
from fractions import Fraction
from math import floor

import h5py
import numpy as np


def nwb_spike_times(path, table='units'):
    "Spike times of every unit of an NWB file, straight from HDF5."
    with h5py.File(path) as file:
        times, ends = file[f'{table}/spike_times'][:], [int(end) for end in file[f'{table}/spike_times_index'][:]]
    return [times[start:end] for start, end in zip([0] + ends[:-1], ends)]


def published_counts(spike_times, bin_ms=20):
    "np.histogram over np.arange, cast to bytes."
    width = bin_ms/1000
    edges = np.arange(0, max(times.max() for times in spike_times if len(times)) + width, width)
    return np.array([np.histogram(times, bins=edges)[0] for times in spike_times]).astype(np.uint8)


def default_counts(spike_times, bin_ms=20):
    "Exact bins on the microsecond lattice, the published number of them; the very end in the last bin, no negative times, at most 255."
    width = bin_ms/1000
    n_bins = len(np.arange(0, max(times.max() for times in spike_times if len(times)) + width, width)) - 1
    counts = np.zeros((len(spike_times), n_bins), dtype=np.int64)
    for unit, times in enumerate(spike_times):
        for time in times.tolist():
            if time >= 0: counts[unit, min(floor(Fraction(round(time*1e6), 1000*bin_ms)), n_bins - 1)] += 1
    return np.minimum(counts, 255).astype(np.uint8)


def raster_counts(raster, factor=20):
    "Sums of `factor` rows one after the other, in Python integers; units x bins."
    n_bins = len(raster)//factor
    return np.array([[sum(int(value) for value in raster[k*factor:(k + 1)*factor, unit]) for k in range(n_bins)] for unit in range(raster.shape[1])])


def put(path, name, change):
    "Change one dataset of an HDF5 file: by a function of its values, or remove it with None. Attributes stay."
    with h5py.File(path, 'r+') as file:
        values, attributes = file[name][:], dict(file[name].attrs)
        del file[name]
        if change is not None: file.create_dataset(name, data=change(values)).attrs.update(attributes)


def silence_nwb_unit(path, table='units'):
    "Take all spikes of the first unit out of a units table."
    with h5py.File(path) as file: first = int(file[f'{table}/spike_times_index'][0])
    put(path, f'{table}/spike_times', lambda times: times[first:])
    put(path, f'{table}/spike_times_index', lambda ends: ends - np.asarray(first, dtype=ends.dtype))


def NWB_UNITS_DAMAGES(table='units'):
    "What can be wrong with a units table, and what the error says."
    times, ends = f'{table}/spike_times', f'{table}/spike_times_index'
    def with_nan(values): return np.where(np.arange(len(values)) == 3, np.nan, values)
    return {
        'missing': (lambda path: put(path, times, None), f'expected `{times}`; found no such member'),
        'missing index': (lambda path: put(path, ends, None), f'expected `{ends}`; found no such member'),
        'type': (lambda path: put(path, times, lambda values: values.astype('S8')), 'spike times as a list of numbers'),
        'orientation': (lambda path: put(path, times, lambda values: values[None]), 'spike times as a list of numbers'),
        'nan': (lambda path: put(path, times, with_nan), 'NaN or infinity in unit 0'),
        'negative': (lambda path: put(path, times, lambda values: -values - 1), 'a spike after time zero'),
        'samples': (lambda path: put(path, times, lambda values: values*30_000*1000), 'Are they samples'),
    }
