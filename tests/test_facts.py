"The records against the table of facts, where it lies beside the checkout, and against the totals of the published pile."
import csv

import pytest
from neuralpile.source import published_tokens, sources
from conftest import RECORDINGS

FACTS = RECORDINGS.parent/'facts'/'sources.tsv'


def test_the_published_totals():
    assert published_tokens() == 40_280_725_744 and published_tokens(version=1) == 34_320_949_010
    assert len([source for source in sources().values() if source.published]) == 25


@pytest.fixture(scope='module')
def facts():
    if not FACTS.exists(): pytest.skip('no table of facts in ../shared/facts')
    with open(FACTS, encoding='utf-8') as file: return {row['key']: row for row in csv.DictReader(file, delimiter='\t')}


def test_every_fact_is_in_its_record(facts):
    found = {key: source for key, source in sources().items() if source.published}
    assert set(found) == set(facts)
    for key, fact in facts.items():
        source = found[key]
        assert type(source.archive).__name__.lower() == fact['archive'] and source.archive.id == fact['id'], key
        for name in ('version', 'doi'): assert getattr(source.archive, name) == fact[name] or not fact[name], key
        assert source.name == fact['name'] and source.licence == (fact['licence'] or None), key
        assert (source.licence_seen is None) == (fact['licence_seen'] == 'not seen'), key
        assert source.redistribute == {'yes': True, 'no': False, 'unknown': None}[fact['redistribute']], key
        assert '; '.join(source.species) == fact['species'], key
        published = source.published
        assert (published.tokens, published.subjects, published.sessions) == tuple(int(fact[name]) for name in ('tokens', 'subjects', 'sessions')), key
        first = [published.tokens if published.v1_tokens is None else published.v1_tokens, published.sessions if published.v1_sessions is None else published.v1_sessions]
        assert first == [int(fact['v1_tokens'] or 0), int(fact['v1_sessions'] or 0)], key
