"Athalye the plain way: rows as they are, or four at a time, in Python integers."
import h5py
import numpy as np
from plain import put, raster_counts

COUNTS = 'processing/behavior/spike_counts'


def sums(path, factor):
    with h5py.File(path) as file: return raster_counts(file[f'{COUNTS}/data'][:].astype(int), factor)


def published(path): return (sums(path, 4 if path.parent.name == 'sub-monk-j' else 1) % 256).astype(np.uint8)


def default(path):
    with h5py.File(path) as file: rate = file[f'{COUNTS}/starting_time'].attrs['rate']
    return np.minimum(sums(path, {200: 4, 60: 1}[int(rate)]), 255).astype(np.uint8)


def silence(path):
    with h5py.File(path, 'r+') as file: file[f'{COUNTS}/data'][:, 0] = 0


def change(function): return lambda path: put(path, f'{COUNTS}/data', function)


def in_row_100(matrix, wrong): return np.where(np.arange(len(matrix))[:, None] == 100, wrong, matrix)


def without_rate(path):
    with h5py.File(path, 'r+') as file: del file[f'{COUNTS}/starting_time']


DAMAGES = { # what is done to a raw file -> what the error says
    'missing': (change(None), f'expected `{COUNTS}/data`; found no such member'),
    'type': (change(lambda matrix: matrix.astype('S4')), 'a matrix of counts'),
    'orientation': (change(lambda matrix: matrix.T), 'It looks transposed'),
    'nan': (change(lambda matrix: in_row_100(matrix, np.nan)), 'found nan in row 100, unit 0'),
    'negative': (change(lambda matrix: in_row_100(matrix, -1)), 'found -1.0 in row 100, unit 0'),
    'shares': (change(lambda matrix: matrix/1.2), 'Are these rates'),
    'no rate': (without_rate, f'expected a rate of `{COUNTS}`, Hz; found none'),
}
