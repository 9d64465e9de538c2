"Temmar the plain way: the matrix of the file, one number at a time."
import h5py
import numpy as np
from plain import put, raster_counts

PUBLISHED, OLDER = 'analysis/ThresholdCrossings', 'processing/ecephys/ThresholdCrossings'


def values(path):
    with h5py.File(path) as file: return raster_counts(file[PUBLISHED if PUBLISHED in file else OLDER]['data'][:], factor=1)


def published(path): return (values(path) % 256).astype(np.uint8)


def default(path): return np.minimum(values(path), 255).astype(np.uint8)


def silence(path):
    with h5py.File(path, 'r+') as file: file[f'{PUBLISHED}/data'][:, 0] = 0


def change(function): return lambda path: put(path, f'{PUBLISHED}/data', function)


def in_row_100(matrix, wrong): return np.where(np.arange(len(matrix))[:, None] == 100, wrong, matrix)


DAMAGES = { # what is done to a raw file -> what the error says
    'missing': (change(None), f'expected `{PUBLISHED}/data`; found no such member'),
    'type': (change(lambda matrix: matrix.astype('S4')), 'a matrix of counts'),
    'orientation': (change(lambda matrix: matrix.T), 'It looks transposed'),
    'nan': (change(lambda matrix: in_row_100(matrix, np.nan)), 'found nan in row 100, unit 0'),
    'negative': (change(lambda matrix: in_row_100(matrix, -1)), 'found -1 in row 100, unit 0'),
    'volts': (change(lambda matrix: matrix*2.5e-7), 'Are these rates'),
    'bins of 32 ms': (lambda path: put(path, f'{PUBLISHED}/timestamps', lambda times: times*1.6), 'expected 50 Hz in `analysis/ThresholdCrossings`; found 31.25 Hz'),
}
