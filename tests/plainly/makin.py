"Makin the plain way: all columns of a channel together, from the first time in the file."
import h5py
import numpy as np
from plain import put


def cells(path):
    "One list of arrays per channel, each of the shape it has in the file."
    with h5py.File(path) as file:
        refs = file['spikes'][:]
        return [[file[refs[u, c]][:] for u in range(refs.shape[0]) if 'MATLAB_empty' not in file[refs[u, c]].attrs] for c in range(refs.shape[1])]


def flat(arrays): return np.concatenate([array.ravel() for array in arrays] or [np.zeros(0)])


def edges_of(channels, width=0.02):
    times = flat([flat(channel) for channel in channels])
    return np.arange(times.min(), times.max() + width, width)


def published(path):
    channels = cells(path)
    edges = edges_of(channels)
    return np.array([np.histogram(flat(channel), bins=edges)[0] for channel in channels]).astype(np.uint8)


def default(path):
    channels = cells(path)
    edges = edges_of(channels)
    counts = np.zeros((len(channels), len(edges) - 1), dtype=np.int64)
    for row, channel in enumerate(channels):
        for time in flat([array for array in channel if 1 in array.shape]).tolist():
            counts[row, min((round(time*1e6) - round(edges[0]*1e6))//20_000, counts.shape[1] - 1)] += 1
    return np.minimum(counts, 255).astype(np.uint8)


def ids(path, published): return path.parent.name if published else path.stem.split('_')[0], path.stem


def set_cell(path, column, channel, values, **attributes):
    "Let the entry of the cell array refer to a new dataset."
    with h5py.File(path, 'r+') as file:
        item = file.create_dataset(f'#refs#/new{column}_{channel}', data=values)
        item.attrs.update(attributes)
        refs = file['spikes'][:]
        refs[column, channel] = item.ref
        file['spikes'][...] = refs


def change_cells(path, change):
    with h5py.File(path, 'r+') as file:
        for ref in file['spikes'][:].ravel():
            if 'MATLAB_empty' not in file[ref].attrs: file[ref][...] = change(file[ref][:])


def silence(path):
    for column in range(5): set_cell(path, column, 0, np.zeros(2, dtype=np.uint64), MATLAB_empty=np.uint8(1))


def another(path, number): return path.with_name(f'loco_2017020{number}_02.mat')


def all_empty(path):
    with h5py.File(path, 'r+') as file:
        for ref in file['spikes'][:].ravel(): file[ref].attrs['MATLAB_empty'] = np.uint8(1)


DAMAGES = {
    'missing': (lambda path: put(path, 'spikes', None), 'expected `spikes`; found no such member'),
    'type': (lambda path: put(path, 'spikes', lambda refs: np.zeros(refs.shape)), '`spikes` as a cell array; found float64'),
    'text': (lambda path: set_cell(path, 0, 3, np.array([[77], [49]], dtype=np.uint16)), 'uint16 in column 0 of channel M1 004. Is it text?'),
    'orientation': (lambda path: put(path, 'spikes', lambda refs: refs.T), 'Is `spikes` transposed?'),
    'nan': (lambda path: set_cell(path, 0, 3, np.array([[150.0, np.nan]])), 'NaN or infinity in column 0 of channel M1 004'),
    'negative': (lambda path: change_cells(path, lambda times: -times), '0 or more; found -'),
    'samples': (lambda path: change_cells(path, lambda times: times*24_414.0625), 'Are they samples'),
    'no spikes': (all_empty, 'a spike on at least one channel; found none'),
}
