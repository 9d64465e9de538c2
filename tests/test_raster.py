"What a raster shows, by its pixels."
from io import BytesIO

import matplotlib.pyplot as plt
import numpy as np
import pytest
from neuralpile.raster import plot_raster, pool_max


def dark_pixels(counts, dpi, figsize=None):
    "How many pixels inside the axes are neither white nor nearly so."
    ax = plot_raster(counts, 20, 'one · two · three', ax=plt.subplots(figsize=figsize, layout='constrained')[1] if figsize else None)
    buffer = BytesIO()
    ax.figure.savefig(buffer, dpi=dpi)
    buffer.seek(0)
    picture, box = plt.imread(buffer)[::-1, :, 0], ax.get_position()
    plt.close(ax.figure)
    (height, width), edge = picture.shape, 4
    inside = picture[int(box.y0*height) + edge:int(box.y1*height) - edge, int(box.x0*width) + edge:int(box.x1*width) - edge]
    return int((inside < 0.7).sum())


@pytest.mark.parametrize('dpi, figsize', [(100, None), (150, None), (100, (4, 2))])
@pytest.mark.parametrize('shape', [(3, 100_000), (1700, 5_000), (96, 3_000), (500, 1_201)])
def test_a_single_spike_is_seen_wherever_it_is(shape, dpi, figsize):
    plt.switch_backend('agg')
    assert dark_pixels(np.zeros(shape, dtype=np.uint8), dpi, figsize) == 0
    rng = np.random.default_rng(0)
    for _ in range(6):
        counts = np.zeros(shape, dtype=np.uint8)
        counts[rng.integers(shape[0]//20, shape[0] - shape[0]//20), rng.integers(shape[1]//20, shape[1] - shape[1]//20)] = 1
        assert dark_pixels(counts, dpi, figsize) > 0


def test_pooling_keeps_the_largest():
    counts = np.random.default_rng(0).poisson(0.1, (37, 1013)).astype(np.uint8)
    pooled = pool_max(counts, 10, 100)
    assert pooled.shape[0] <= 10 and pooled.shape[1] <= 100 and pooled.max() == counts.max()
    np.testing.assert_array_equal(pool_max(counts, 37, 1013), counts)
