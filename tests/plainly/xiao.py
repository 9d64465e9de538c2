"Xiao the plain way: twenty rows of the raster at a time."
import h5py
import numpy as np
from plain import put, raster_counts

DATA = 'processing/ecephys/rasters/data'


def sums(path):
    with h5py.File(path) as file: return raster_counts(file[DATA][:])


def published(path): return (sums(path) % 256).astype(np.uint8)


def default(path): return np.minimum(sums(path), 255).astype(np.uint8)


def silence(path):
    with h5py.File(path, 'r+') as file: file[DATA][:, 0] = 0


DAMAGES = { # what is done to a raw file -> what the error says
    'missing': (lambda path: put(path, DATA, None), 'expected `processing/ecephys/rasters/data`; found no such member'),
    'type': (lambda path: put(path, DATA, lambda raster: raster.astype('S1')), 'a matrix of counts'),
    'orientation': (lambda path: put(path, DATA, lambda raster: raster.T), 'transposed'),
    'nan': (lambda path: put(path, DATA, lambda raster: np.where(np.arange(len(raster))[:, None] == 100, np.nan, raster)), 'found nan in row 100, unit 0'),
    'negative': (lambda path: put(path, DATA, lambda raster: raster.astype(np.int16) - (np.arange(len(raster))[:, None] == 100)*9), 'in row 100, unit'),
}
