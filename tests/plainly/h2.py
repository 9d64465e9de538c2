"H2 the plain way: the matrix of the file, one number at a time."
import h5py
import numpy as np
from plain import put, raster_counts

DATA, TIMES = 'acquisition/binned_spikes/data', 'acquisition/binned_spikes/timestamps'


def values(path):
    with h5py.File(path) as file: return raster_counts(file[DATA][:], factor=1)


def published(path): return (values(path) % 256).astype(np.uint8)


def default(path): return np.minimum(values(path), 255).astype(np.uint8)


def silence(path):
    with h5py.File(path, 'r+') as file: file[DATA][:, 0] = 0


def in_row_100(values, wrong): return np.where(np.arange(len(values))[:, None] == 100, wrong, values)


DAMAGES = { # what is done to a raw file -> what the error says
    'missing': (lambda path: put(path, DATA, None), 'expected `acquisition/binned_spikes/data`; found no such member'),
    'type': (lambda path: put(path, DATA, lambda matrix: matrix.astype('S4')), 'a matrix of counts'),
    'orientation': (lambda path: put(path, DATA, lambda matrix: matrix.T), 'It looks transposed'),
    'one array': (lambda path: put(path, DATA, lambda matrix: matrix[:, :96]), 'a matrix of time x 192 units'),
    'nan': (lambda path: put(path, DATA, lambda matrix: in_row_100(matrix, np.nan)), 'found nan in row 100, unit 0'),
    'negative': (lambda path: put(path, DATA, lambda matrix: in_row_100(matrix, -1)), 'found -1 in row 100, unit 0'),
    'rates': (lambda path: put(path, DATA, lambda matrix: in_row_100(matrix, 0.5)), 'found 0.5 in row 100, unit 0'),
    'milliseconds': (lambda path: put(path, TIMES, lambda times: times*1000), 'expected 50 Hz'),
}
