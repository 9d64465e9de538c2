"What every source promises, seen on its sample: counts equal to an independent plain way, laws of its sessions, and every damage named."
import importlib
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from neuralpile.build import BuildFailed, build
from neuralpile.session import KINDS
from neuralpile.source import find_source, sample_folder, sources

PLAINLY = Path(__file__).parent/'plainly'
KEYS = [key for key in sources() if (PLAINLY/f'{key.replace("-", "_")}.py').exists()] # a source of one's own may do without
each_source = pytest.mark.parametrize('key', KEYS)
each_mode = pytest.mark.parametrize('published', [False, True], ids=['default', 'published'])


def plainly(key): return importlib.import_module(f'plainly.{key.replace("-", "_")}')


def raw_copy(key, tmp_path, at_least=1):
    "The sample as if it were recordings, with copies of its first session under other names where there are too few."
    source, raw = find_source(key), tmp_path/'raw'
    shutil.copytree(sample_folder(source), raw)
    (raw/'SIMULATED.txt').unlink()
    path, number = source.raw_files(raw)[0], 0
    while len(source.raw_files(raw)) < at_least:
        number += 1
        copy = getattr(plainly(key), 'another', lambda path, number: path.with_name(f'{path.stem[:-1]}{number}{path.suffix}'))(path, number)
        copy.parent.mkdir(exist_ok=True)
        shutil.copy(path, copy)
    return raw, source.raw_files(raw)


def test_every_source_of_the_pile_has_its_plain_way():
    assert {key for key, source in sources().items() if source.published} <= set(KEYS)


@each_source
@each_mode
def test_counts_equal_the_plain_way(key, published):
    source = find_source(key)
    folder = sample_folder(source)
    for path in source.raw_files(folder):
        session = source.session(path, folder, published=published)
        expected = (plainly(key).published if published else plainly(key).default)(path)
        assert expected.dtype == np.uint8 and session.counts().shape == expected.shape
        np.testing.assert_array_equal(session.counts(), expected)
        if hasattr(plainly(key), 'ids'): assert (session.subject_id, session.session_id) == plainly(key).ids(path, published)
        else: assert (session.subject_id, session.session_id) == (path.parent.name, path.stem)


@each_source
def test_laws_of_a_session(key):
    source = find_source(key)
    folder = sample_folder(source)
    for path in source.raw_files(folder):
        session, as_published = source.session(path, folder), source.session(path, folder, published=True)
        counts = session.counts()
        assert counts.shape == as_published.counts().shape == (session.n_units, session.n_bins) and counts.dtype == np.uint8
        pieces = session.segments(max(session.n_tokens//3, session.n_units))
        assert [start for start, _ in pieces] == [0, *(stop for _, stop in pieces[:-1])] and pieces[-1][1] == session.n_bins
        np.testing.assert_array_equal(np.hstack([session.counts(*piece) for piece in pieces]), counts)
        for start, stop in session.observed or []: assert 0 <= start < stop <= session.n_bins
        assert session.observed is None or all(a[1] <= b[0] for a, b in zip(session.observed, session.observed[1:]))
        known = source.knows(session)
        assert known['kind'] in (KINDS if source.archive else (None,)) and known['canonical_subject'] and known['recording']


@each_source
def test_record(key):
    source = find_source(key)
    if not source.archive: return
    assert source.published and source.citation.startswith('@') and source.species and source.areas and source.task and source.unit_kind and source.kind
    folder = sample_folder(source)
    for path in source.raw_files(folder): assert not source.subjects or '/' not in source.knows(source.session(path, folder))['canonical_subject']


@each_source
def test_a_silent_unit_keeps_its_row(key, tmp_path):
    raw, paths = raw_copy(key, tmp_path)
    plainly(key).silence(paths[0])
    source = find_source(key)
    for published in (False, True):
        counts = source.session(paths[0], raw, published=published).counts()
        assert counts[0].sum() == 0 and counts.sum() > 0
        assert counts.shape[0] == (plainly(key).published if published else plainly(key).default)(paths[0]).shape[0]


def truncate(path):
    with open(path, 'r+b') as file: file.truncate(path.stat().st_size*9//10)


@pytest.mark.parametrize('key, damage', [(key, damage) for key in KEYS for damage in (*plainly(key).DAMAGES, 'truncated', 'another kind')])
def test_damage_costs_one_session_and_is_named(key, damage, tmp_path, rows):
    source = find_source(key)
    raw, paths = raw_copy(key, tmp_path, at_least=2)
    name = paths[0].relative_to(raw).as_posix()
    harm, says = plainly(key).DAMAGES.get(damage, (truncate, 'truncated|mmap length|read array data'))
    if damage == 'another kind': harm, says = lambda path: path.write_text('not here yet'), 'another kind of file|magic string|pickled|allow_pickle'
    harm(paths[0])
    with pytest.raises(BuildFailed) as caught: build(source, raw_dir=str(raw), out_dir=str(tmp_path/'pile'))
    (failure,) = str(caught.value).splitlines()[1:]
    assert re.match(rf'- {key}: {re.escape(name)}: expected .+; found .+\. \w.*[.?]$', failure), failure
    assert re.search(re.escape(says) if damage in plainly(key).DAMAGES else says, failure), failure
    assert len(rows(tmp_path/'pile'/key, 'sessions')) == len(paths) - 1
    assert name not in rows(tmp_path/'pile'/key, 'sessions')['raw_file']


@each_source
def test_the_usual_damages_are_tried(key):
    assert {'missing', 'type', 'orientation', 'nan', 'negative'} <= {*plainly(key).DAMAGES, *getattr(plainly(key), 'EXEMPT', {})}


@each_source
def test_an_unknown_file_is_named(key, tmp_path):
    source = find_source(key)
    if not source.archive: return
    raw, _ = raw_copy(key, tmp_path)
    stray = 'stray.nwb.part' if any(pattern.startswith('not ') for pattern in source.skip) else 'stray.xyz'
    (raw/stray).write_text('?')
    with pytest.raises(Exception, match=f'{key}: expected only files like .+; found {stray}'): source.raw_files(raw)


def test_one_name_in_several_sources_is_one_animal():
    "Canonical names are shared where the facts support it, and nowhere else."
    found = {}
    for key in KEYS:
        source = find_source(key)
        folder = sample_folder(source)
        for path in source.raw_files(folder): found.setdefault(source.knows(source.session(path, folder))['canonical_subject'], set()).add(key)
    assert {name: keys for name, keys in found.items() if len(keys) > 1} == {'Jenkins': {'churchland', 'even-chen'}, 'Amadeus': {'neupane-ppc', 'neupane-entorhinal'},
        'Mahler': {'neupane-ppc', 'neupane-entorhinal', 'rajalingham'}, 'Monkey N': {'temmar', 'm2'}}
