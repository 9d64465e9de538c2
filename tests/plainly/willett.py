"Willett the plain way: the matrix as it is in the file, turned."
import numpy as np
from scipy.io import loadmat, savemat


def published(path): return loadmat(path)['tx1'].T.astype(np.uint8)


def default(path): return np.minimum(loadmat(path)['tx1'].T, 255).astype(np.uint8)


def ids(path, published): return path.parent.name if published else 'T12', path.stem


def put(path, **changes):
    "Change variables of a MATLAB file, each by a function of its value, or remove them with None."
    held = {name: value for name, value in loadmat(path).items() if not name.startswith('__')}
    for name, change in changes.items():
        value = held.pop(name)
        if change is not None: held[name] = change(value)
    savemat(path, held)


def with_value(value):
    "A function that puts one value into row 100, column 0 of a matrix."
    def change(rows):
        rows = rows.astype(float)
        rows[100, 0] = value
        return rows
    return change


def silence(path): put(path, tx1=lambda rows: rows*(np.arange(256) > 0).astype(np.uint8))


DAMAGES = { # what is done to a raw file -> what the error says
    'missing': (lambda path: put(path, tx1=None), 'expected a variable `tx1`; found only tx2'),
    'type': (lambda path: put(path, tx1=lambda rows: 'no numbers'), 'a matrix of counts'),
    'orientation': (lambda path: put(path, tx1=lambda rows: rows.T), 'transposed'),
    'channels': (lambda path: put(path, tx1=lambda rows: rows[:, :255]), 'a matrix of time x 256 units'),
    'nan': (lambda path: put(path, tx1=with_value(np.nan)), 'found nan in row 100, unit 0'),
    'negative': (lambda path: put(path, tx1=with_value(-1)), 'found -1.0 in row 100, unit 0'),
    'half': (lambda path: put(path, tx1=with_value(0.5)), 'found 0.5 in row 100, unit 0'),
    'blocks': (lambda path: put(path, blockNum=lambda blocks: blocks[:-1]), 'one block number for each of 800 rows'),
}
