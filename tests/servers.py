"""Archives on 127.0.0.1: a folder of files served as DANDI, Zenodo, Dryad, OSF and GIN serve theirs, with faults on demand.

    with DandiServer(folder) as server:
        server.faults['sub-a/*.nwb'] = [Reset(after=1000), Status(503)]   # one for each download, in order
        server.faults['/api/dandisets/*'] = Forever(Status(500))          # a pattern with a leading / is of the URL's path
        server.url                    # what a client is given; server.base has the address of each host
        server.requests               # (method, path with query, headers) in order of arrival
        server.sent, server.sent_of   # bytes of files written, in all and by path; server.sent = 0 forgets them and the spans
        server.spans                  # (path, first, end) of each GET of a file
        server.met, server.errors     # faults met, with their file or address; exceptions of the server itself

| fault | what a client meets |
|---|---|
| `Status(503)`, `Status(429, retry_after=2)` | that status; `retry_after` is seconds or an HTTP date, and is left out when None |
| `Reset(after=n)` | the status, n bytes of the body, then a reset connection; `after=0`: reset before any status |
| `Close(after=n)` | the whole length announced, the connection closed after n bytes |
| `Truncate(to=n)` | n bytes announced and sent as if they were all (a 206 says so in Content-Range) |
| `Wrong()` | the right length, one byte of it flipped |
| `Stall(seconds, after=None)` | nothing for that long: before any status, or after n bytes of the body |
| `IgnoreRange()` | 200 and the whole body, whatever range was asked for |
| `Slow(bytes_per_second)` | the body, slowly |
| `Forever(fault)` | that fault each time; others are met once and gone |

Faults of a file (a pattern without a leading /) meet the GET that gives its bytes, not the redirects to it. A HEAD meets only `Forever` ones.
"""
import base64
import fcntl
import hashlib
import json
import mimetypes
import os
import random
import re
import socket
import struct
import subprocess
import termios
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import formatdate
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit


@dataclass(frozen=True)
class Status: code: int; retry_after: object = None
@dataclass(frozen=True)
class Reset: after: int = 0
@dataclass(frozen=True)
class Close: after: int = 0
@dataclass(frozen=True)
class Truncate: to: int = 0
@dataclass(frozen=True)
class Wrong: seed: int = 0
@dataclass(frozen=True)
class Stall: seconds: float; after: object = None
@dataclass(frozen=True)
class IgnoreRange: pass
@dataclass(frozen=True)
class Slow: bytes_per_second: int
@dataclass(frozen=True)
class Forever: fault: object


@dataclass
class Request:
    "What was asked of the host `host`: `path` is decoded, `raw` is not; `query` holds the last of each name."
    host: str; method: str; raw: str; headers: object; body: bytes
    def __post_init__(self): self.path, self.query = unquote(urlsplit(self.raw).path), dict(parse_qsl(urlsplit(self.raw).query, keep_blank_values=True))
    def parts(self): return [unquote(part) for part in urlsplit(self.raw).path.split('/') if part]


@dataclass
class Answer:
    "A whole answer that is not a file."
    status: int = 200; body: bytes = b''; headers: dict = field(default_factory=dict)


@dataclass
class Content:
    "A file on disk, or its bytes, as the answer to GET or HEAD: `path` is its name in the dataset; without `etag` or `modified` those headers are not sent."
    path: str; file: object; etag: object = None; modified: bool = True; ranges: bool = True; headers: dict = field(default_factory=dict)


def as_json(value, status=200, **headers): return Answer(status, json.dumps(value).encode(), {'Content-Type': 'application/json', **headers})
def redirect(url, status=302): return Answer(status, b'', {'Location': url})
def stamp(seconds): return datetime.fromtimestamp(seconds, timezone.utc).isoformat()
def media_type(path): return {'.nwb': 'application/x-nwb'}.get(Path(path).suffix) or mimetypes.guess_type(path)[0] or 'application/octet-stream'
def name_hash(*names): return hashlib.sha256('\0'.join(map(str, names)).encode()).hexdigest()
def as_uuid(*names): return str(uuid.UUID(bytes=bytes.fromhex(name_hash(*names)[:32]), version=4))


def span_of(header, size):
    "(first, end) of a Range header of one span; None: to be ignored, as is one of several; ValueError: outside the file."
    match = re.fullmatch(r'bytes=\s*(\d*)-(\d*)', header.strip()) if header else None
    if match is None or match.groups() == ('', ''): return None
    first, last = match.groups()
    if not first:
        if not int(last) or not size: raise ValueError
        return max(0, size - int(last)), size
    if last and int(last) < int(first): return None
    if int(first) >= size: raise ValueError
    return int(first), min(int(last) + 1 if last else size, size)


class Handler(BaseHTTPRequestHandler):
    protocol_version, disable_nagle_algorithm = 'HTTP/1.1', True

    def setup(self):
        super().setup()
        if not self.server.archive.opened(self.connection): raise ConnectionAbortedError

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        if 'chunked' in self.headers.get('Transfer-Encoding', ''):
            while size := int(self.rfile.readline().split(b';')[0], 16): body += self.rfile.read(size + 2)[:-2]
            self.rfile.readline()
        self.server.archive.serve(self, Request(self.server.name, self.command, self.path, self.headers, body))

    do_HEAD = do_POST = do_GET
    def log_message(self, *_): pass
    def version_string(self): return 'archive'


class Host(ThreadingHTTPServer):
    daemon_threads, request_queue_size = True, 64

    def __init__(self, archive, name):
        self.archive, self.name = archive, name
        super().__init__(('127.0.0.1', 0), Handler)

    def handle_error(self, request, address): pass   # a client that went away

    def server_bind(self):   # as HTTPServer binds, without its search for a host name
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()


class Server:
    "A folder of files as one dataset of an archive. `route` answers a request; the rest is common to all archives."
    hosts, root = ('api',), ''   # each host has its own port; `url` is the first host's address and the root

    def __init__(self, folder, ranges=True):
        self.folder, self.ranges = Path(folder), ranges
        self.requests, self.spans, self.met, self.errors = [], [], [], []
        self.faults, self.sent_of = {}, Counter()
        self._lock, self._stop, self._connections, self._digests, self._links = threading.RLock(), threading.Event(), set(), {}, 0

    # starting and stopping

    def __enter__(self):
        self._servers = [Host(self, name) for name in self.hosts]
        self.base = {host.name: f'http://127.0.0.1:{host.server_address[1]}' for host in self._servers}
        self.url = self.base[self.hosts[0]] + self.root
        self._threads = [threading.Thread(target=host.serve_forever, kwargs=dict(poll_interval=0.02), daemon=True) for host in self._servers]
        for thread in self._threads: thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for host in self._servers: host.shutdown(); host.server_close()
        for thread in self._threads: thread.join()
        with self._lock: connections, self._connections = self._connections, set()
        for connection in connections:
            try: connection.shutdown(socket.SHUT_RDWR)
            except OSError: pass

    def opened(self, connection):
        with self._lock:
            if self._stop.is_set(): return False
            self._connections = {other for other in self._connections if other.fileno() >= 0} | {connection}
            return True

    # the dataset

    def files(self): return {path.relative_to(self.folder).as_posix(): path for path in sorted(self.folder.rglob('*')) if path.is_file()}

    def flat_files(self):
        "The files by their base names, for archives without folders."
        files = {PurePosixPath(path).name: file for path, file in self.files().items()}
        assert len(files) == len(self.files()), f'{self.folder}: two files of one name, in an archive without folders'
        return dict(sorted(files.items()))

    def digest(self, file, kind='md5'):
        "Hex digest of a file as it is now: md5, sha256, or etag (of 64 MiB parts, as DANDI and S3 make it)."
        state, now = file.stat(), time.time()
        key, settled = (file, kind, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns), now - max(state.st_mtime, state.st_ctime) > 0.1
        if not settled or key not in self._digests:
            with open(file, 'rb') as f:
                if kind == 'etag':
                    parts = [hashlib.md5(part).digest() for part in iter(lambda: f.read(1 << 26), b'')]
                    self._digests[key] = f'{hashlib.md5(b"".join(parts)).hexdigest()}-{len(parts)}'
                else: self._digests[key] = hashlib.file_digest(f, kind).hexdigest()
        return self._digests[key]

    # what was sent

    @property
    def sent(self): return sum(self.sent_of.values())
    @sent.setter
    def sent(self, value): assert value == 0, 'sent can be set to 0 only'; self.sent_of.clear(); self.spans.clear()

    # links that are signed, as S3 and Google sign them for GET

    def signed(self, host, path, **query):
        "A link to a stored file, good until `expire_links()`."
        signature = name_hash(path, self._links)
        return self.base[host] + quote(path) + '?' + urlencode({**query, 'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
            'X-Amz-Credential': 'AKIAEXAMPLE/20250122/us-east-2/s3/aws4_request',
            'X-Amz-Date': '20250122T173500Z', 'X-Amz-Expires': '3600', 'X-Amz-SignedHeaders': 'host', 'X-Amz-Signature': signature}, quote_via=quote)

    def expire_links(self): self._links += 1

    def stored(self, request, content, public=False):
        "A stored file as S3 gives it: anyone's by its plain address if public, else by a signed link, which is for GET only and bears no other credentials."
        def refuse(status, code, message): return Answer(status,
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'.encode(),
            {'Content-Type': 'application/xml'})
        if content is None: return refuse(404, 'NoSuchKey', 'The specified key does not exist.')
        signature = request.query.get('X-Amz-Signature')
        if signature is None: return content if public else refuse(403, 'AccessDenied', 'Access Denied')
        if 'Authorization' in request.headers: return refuse(400, 'InvalidArgument', 'Only one auth mechanism allowed')
        if signature != name_hash(request.path, self._links): return refuse(403, 'AccessDenied', 'Request has expired')
        if request.method == 'HEAD': return refuse(403, 'SignatureDoesNotMatch',
            'The request signature we calculated does not match the signature you provided.')
        return content

    # answering

    def route(self, request): raise NotImplementedError
    def refusal(self, request, fault): return as_json({'message': 'refused by the test', 'status': fault.code}, fault.code)
    def own_headers(self, status): return {}

    def fault_for(self, request, answer):
        "The fault this request meets, consumed."
        content = isinstance(answer, Content)
        name, head = answer.path if content else urlsplit(request.raw).path, request.method == 'HEAD'
        with self._lock:
            for pattern, faults in list(self.faults.items()):
                if content == pattern.startswith('/') or not (fnmatchcase(name, pattern) or fnmatchcase(unquote(name), pattern)): continue
                if not isinstance(faults, (list, tuple)): faults = self.faults[pattern] = [faults]
                if not faults or head and not isinstance(faults[0], Forever): continue
                fault = faults[0].fault if isinstance(faults[0], Forever) else faults.pop(0)
                self.met.append((name, fault))
                return fault

    def serve(self, handler, request):
        with self._lock: self.requests.append((request.method, request.raw, dict(request.headers.items())))
        try: answer = self.route(request)
        except Exception as error:
            self.errors.append(error)
            answer = as_json({'message': repr(error)}, 500)
        fault = self.fault_for(request, answer)
        if isinstance(fault, Status):
            answer = self.refusal(request, fault)
            if fault.retry_after is not None: answer.headers['Retry-After'] = str(fault.retry_after)
        if isinstance(answer, Content): status, headers, body, path = self.content(request, answer, fault)
        else: status, headers, body, path = answer.status, dict(answer.headers), answer.body, None
        if isinstance(fault, Truncate):
            body = body[:fault.to if status != 206 else max(1, fault.to)]
            if status == 206: headers['Content-Range'] = re.sub(r'(\d+)-\d+', lambda match: f'{match[1]}-{int(match[1]) + len(body) - 1}',
                headers['Content-Range'])
        if isinstance(fault, Wrong) and body:
            place = random.Random(f'{request.path} {fault.seed}').randrange(len(body))
            body = body[:place] + bytes([body[place] ^ 0xff]) + body[place + 1:]
        try: self.write(handler, request, status, {**self.own_headers(status), 'Content-Length': len(body), **headers}, body, fault, path)
        except OSError: handler.close_connection = True

    def content(self, request, answer, fault):
        "Status, headers, body and name of a file: whole, a span of it, or what its preconditions say."
        data = answer.file if isinstance(answer.file, bytes) else answer.file.read_bytes()
        headers = {'Content-Type': 'application/octet-stream', **answer.headers}
        if answer.modified: headers['Last-Modified'] = formatdate(answer.file.stat().st_mtime, usegmt=True)
        etag = f'"{answer.etag}"' if answer.etag else None
        if etag: headers['ETag'] = etag
        if answer.ranges: headers['Accept-Ranges'] = 'bytes'
        asked = request.headers
        if etag and asked.get('If-Match', etag) not in (etag, '*'): return 412, {**headers, 'Content-Length': 0}, b'', None
        if etag and asked.get('If-None-Match') in (etag, '*'): return 304, {**headers, 'Content-Length': 0}, b'', None
        span = None
        if answer.ranges and not isinstance(fault, IgnoreRange) and asked.get('If-Range', etag) in (etag, headers.get('Last-Modified')):
            try: span = span_of(asked.get('Range'), len(data))
            except ValueError: return 416, {**headers, 'Content-Range': f'bytes */{len(data)}', 'Content-Length': 0}, b'', None
        first, end = span or (0, len(data))
        if request.method != 'HEAD':
            with self._lock: self.spans.append((answer.path, first, end))
        if span: headers['Content-Range'] = f'bytes {first}-{end - 1}/{len(data)}'
        return (206 if span else 200), headers, data[first:end], answer.path

    def write(self, handler, request, status, headers, body, fault, path):
        if isinstance(fault, Stall) and fault.after is None: self._stop.wait(fault.seconds)
        if isinstance(fault, Reset) and not fault.after: return self.reset(handler)
        handler.send_response(status)
        for name, value in headers.items(): handler.send_header(name, str(value))
        if request.method == 'HEAD' or status == 304: return handler.end_headers()
        stop = min(fault.after, len(body)) if isinstance(fault, (Reset, Close)) else len(body)
        pause = fault.after if isinstance(fault, Stall) else None
        step = max(1, fault.bytes_per_second//20) if isinstance(fault, Slow) else 1 << 16
        handler.end_headers()
        place = 0
        while place < stop and not self._stop.is_set():
            if place == pause: self._stop.wait(fault.seconds)
            end = min(place + step, stop, pause if pause is not None and place < pause else stop)
            if path is not None:   # counted before it is sent: the client may look as soon as it has the last byte
                with self._lock: self.sent_of[path] += end - place
            try: handler.connection.sendall(body[place:end])
            except OSError:
                if path is not None:
                    with self._lock: self.sent_of[path] -= end - place
                raise
            if isinstance(fault, Slow): self._stop.wait((end - place)/fault.bytes_per_second)
            place = end
        if isinstance(fault, Reset): self.reset(handler)
        if place < len(body): handler.close_connection = True

    def reset(self, handler):
        "Reset the connection once the client's side has all that was written."
        connection, waited = handler.connection, time.monotonic()
        while struct.unpack('i', fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, b'\0'*4))[0] and time.monotonic() - waited < 5: time.sleep(0.001)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        handler.close_connection = True
        os.close(connection.detach())


class DandiServer(Server):
    """The DANDI API and, on a second port, its bucket. An asset's id changes with its content; the old ids are gone (the archive itself keeps them).
    Files of the same content are one blob, counted under the last of their paths.

    `digests` are those its metadata give, of 'etag' and 'sha256'; version='draft' for a dandiset that was never published."""
    hosts, root = ('api', 'blobs'), '/api'

    def __init__(self, folder, dandiset='000688', version='0.250122.1735', digests=('etag', 'sha256'), page_size=100, **options):
        super().__init__(folder, **options)
        self.dandiset, self.version, self.digests, self.page_size = dandiset, version, digests, page_size

    def assets(self):
        "The assets by id, oldest first."
        assets = []
        for path, file in self.files().items():
            etag, modified, size = self.digest(file, 'etag'), file.stat().st_mtime, file.stat().st_size
            blob, asset_id, date = as_uuid('blob', etag, size), as_uuid('asset', self.dandiset, path, etag, size), stamp(modified)
            info = dict(asset_id=asset_id, blob=blob, zarr=None, path=path, size=size, created=date, modified=date)
            names = {'etag': 'dandi:dandi-etag', 'sha256': 'dandi:sha2-256'}
            digest = {names[kind]: self.digest(file, kind) for kind in self.digests}
            metadata = {'@context': 'https://raw.githubusercontent.com/dandi/schema/master/releases/0.6.10/context.json', 'schemaVersion': '0.6.10',
                'schemaKey': 'Asset',
                'id': f'dandiasset:{asset_id}', 'identifier': asset_id, 'path': path, 'contentSize': size, 'encodingFormat': media_type(path),
                'digest': digest,
                'contentUrl': [f'{self.url}/assets/{asset_id}/download/', self.base['blobs'] + self.blob_path(blob)],
                'access': [{'schemaKey': 'AccessRequirements', 'status': 'dandi:OpenAccess'}],
                'blobDateModified': date, 'dateModified': date}
            assets.append((info, metadata, file))
        return {asset[0]['asset_id']: asset for asset in sorted(assets, key=lambda asset: (asset[0]['created'], asset[0]['path']))}

    def blob_path(self, blob): return f'/blobs/{blob[:3]}/{blob[3:6]}/{blob}'

    def version_info(self, version):
        files, dates = self.files().values(), [file.stat().st_mtime for file in self.files().values()] or [0]
        return dict(version=version, name='A dandiset', asset_count=len(files), size=sum(file.stat().st_size for file in files),
            status='Valid' if version == 'draft' else 'Published',
            created=stamp(min(dates)), modified=stamp(max(dates)), active_uploads=0)

    def dandiset_info(self): return dict(identifier=self.dandiset, created=self.version_info('draft')['created'],
        modified=self.version_info('draft')['modified'], contact_person='Doe, Jane',
        embargo_status='OPEN', star_count=0, is_starred=False)

    def version_metadata(self, version):
        info, published = self.version_info(version), version != 'draft'
        return {'id': f'DANDI:{self.dandiset}/{version}', 'identifier': f'DANDI:{self.dandiset}', 'name': info['name'], 'version': version,
            'schemaKey': 'Dandiset', 'schemaVersion': '0.6.10',
            'license': ['spdx:CC-BY-4.0'], 'citation': f'Doe, Jane (2025) A dandiset (Version {version}) [Data set]. DANDI Archive.',
            'description': 'Spikes.',
            'contributor': [{'name': 'Doe, Jane', 'schemaKey': 'Person', 'roleName': ['dcite:ContactPerson', 'dcite:Author'], 'includeInCitation': True}],
            'assetsSummary': {'schemaKey': 'AssetsSummary', 'numberOfBytes': info['size'], 'numberOfFiles': info['asset_count']},
            'url': f'https://dandiarchive.org/dandiset/{self.dandiset}/{version}',
            'repository': 'https://dandiarchive.org', 'dateCreated': info['created'],
            **({'doi': f'10.48324/dandi.{self.dandiset}/{version}', 'datePublished': info['modified']} if published else {})}

    def page(self, request, results):
        number, size = request.query.get('page', '1'), request.query.get('page_size', '')
        size = min(int(size), 1000) if size.isdigit() and int(size) else self.page_size
        pages = max(1, -(-len(results)//size))
        if not number.isdigit() or not 1 <= int(number) <= pages: return as_json({'detail': 'Invalid page.'}, 404)
        here = self.base['api'] + urlsplit(request.raw).path
        def link(n): return f'{here}?{urlencode(sorted({**request.query, "page": n}.items()))}' if 1 <= n <= pages else None
        number = int(number)
        return as_json({'count': len(results) if number == 1 else None, 'next': link(number + 1), 'previous': link(number - 1),
            'results': results[(number - 1)*size:number*size]})

    def listed(self, query):
        "What the listing's parameters choose: `path` is a prefix and `glob` knows only *, both in any case; `order` is created, modified or path, or -those."
        assets = [(info, metadata) for info, metadata, _ in self.assets().values()]
        true = lambda name: query.get(name, '').lower() in ('true', '1', 'yes', 'on', 't', 'y')
        if true('zarr'): assets = []   # none of these is one
        assets = [asset for asset in assets if asset[0]['path'].lower().startswith(query.get('path', '').lower())]
        if 'glob' in query: assets = [asset for asset in assets if re.fullmatch(re.escape(query['glob']).replace(r'\*', '.*'), asset[0]['path'], re.I | re.S)]
        for name in reversed([name for name in query.get('order', '').split(',') if name.lstrip('-') in ('created', 'modified', 'path')]):
            assets.sort(key=lambda asset: asset[0][name.lstrip('-')], reverse=name.startswith('-'))
        return [{**info, **({'metadata': metadata} if true('metadata') else {})} for info, metadata in assets]

    def route(self, request):
        if request.host == 'blobs':
            by_blob = {self.blob_path(info['blob']): (info, metadata, file) for info, metadata, file in self.assets().values()}
            if request.path not in by_blob: return self.stored(request, None)
            info, metadata, file = by_blob[request.path]
            headers = {'Content-Type': metadata['encodingFormat'],
                **({'Content-Disposition': request.query['response-content-disposition']} if 'response-content-disposition' in request.query else {})}
            return self.stored(request, Content(info['path'], file, self.digest(file, 'etag'), ranges=self.ranges, headers=headers), public=True)
        missing, parts = as_json({'detail': 'Not found.'}, 404), request.parts()
        if parts[:1] != ['api']: return Answer(404, b'<h1>Not Found</h1>', {'Content-Type': 'text/html'})
        if not request.path.endswith('/'): return redirect(urlsplit(request.raw)._replace(path=urlsplit(request.raw).path + '/').geturl(), 301)
        versions = ['draft', *([self.version] if self.version != 'draft' else [])]
        match parts[1:]:
            case ['info']: return as_json({'schema_version': '0.6.10',
                'schema_url': 'https://raw.githubusercontent.com/dandi/schema/master/releases/0.6.10/dandiset.json', 'version': '0.4.0',
                'cli-minimal-version': '0.60.0', 'cli-bad-versions': [],
                'services': {'api': {'url': self.url}, 'webui': {'url': 'http://127.0.0.1:1'}, 'jupyterhub': {'url': 'http://127.0.0.1:1'}}})
            case ['dandisets']: return self.page(request, [self.whole_dandiset(versions)])
            case ['dandisets', self.dandiset]: return as_json(self.whole_dandiset(versions))
            case ['dandisets', self.dandiset, 'versions']: return self.page(request,
                [{**self.version_info(version), 'dandiset': self.dandiset_info()} for version in versions])
            case ['dandisets', self.dandiset, 'versions', version, *rest] if version in versions: return self.of_version(request, version, rest) or missing
            case ['assets', *rest]: return self.of_asset(request, rest) or missing
        return missing

    def whole_dandiset(self, versions):
        draft, *published = [{**self.version_info(version), 'dandiset': self.dandiset_info()} for version in versions]
        return {**self.dandiset_info(), 'draft_version': draft, 'most_recent_published_version': published[0] if published else None}

    def of_version(self, request, version, rest):
        match rest:
            case []: return as_json(self.version_metadata(version))
            case ['info']: return as_json({**self.version_info(version), 'dandiset': self.dandiset_info(), 'metadata': self.version_metadata(version),
                'contact_person': 'Doe, Jane',
                'asset_validation_errors': [], 'version_validation_errors': []})
            case ['assets']: return self.page(request, self.listed(request.query))
            case ['assets', *rest]: return self.of_asset(request, rest)

    def of_asset(self, request, rest):
        info, metadata, file = self.assets().get(rest[0] if rest else None, (None,)*3)
        match info and rest[1:]:
            case []: return as_json(metadata)
            case ['info']: return as_json({**info, 'metadata': metadata})
            case ['download']: return redirect(self.signed('blobs', self.blob_path(info['blob']),
                **{'response-content-disposition': f'attachment; filename="{file.name}"'}))

    def refusal(self, request, fault): return as_json({'detail': 'Request was throttled.' if fault.code == 429 else 'Refused.'}, fault.code)


class ZenodoServer(Server):
    """Zenodo's records API. File lists are flat: files of subfolders go by their base names.

    As on zenodo.org, a file's API address (`links.self`) gives the whole file whatever range is asked for, and `/records/{id}/files/{key}`, outside
    the API, knows ranges; with `ranges=True` both do. Every good answer bears the rate limit's headers and a Retry-After,
    which is no reason to wait; a `Status(429)` has the Retry-After it is given."""
    root = '/api'

    def __init__(self, folder, record='3854034', version='v2', ranges=False, limit=60):
        super().__init__(folder, ranges)
        self.record, self.version, self.limit = str(record), version, limit
        self.concept = str(int(self.record) - 1)

    def files_of(self, link):
        def entry(key, file): return dict(id=as_uuid('file', self.record, key), key=key, size=file.stat().st_size, checksum=f'md5:{self.digest(file)}',
            links=link(quote(key)))
        return [entry(key, file) for key, file in self.flat_files().items()]

    def record_json(self):
        here, doi = f'{self.url}/records/{self.record}', f'10.5281/zenodo.{self.record}'
        dates = [file.stat().st_mtime for file in self.flat_files().values()] or [0]
        return dict(created=stamp(min(dates)), modified=stamp(max(dates)), updated=stamp(max(dates)), id=int(self.record), recid=self.record,
            conceptrecid=self.concept, doi=doi,
            doi_url=f'https://doi.org/{doi}', conceptdoi=f'10.5281/zenodo.{self.concept}', title='A record', status='published', state='done', submitted=True,
            revision=2, owners=[{'id': '1'}],
            metadata=dict(title='A record', doi=doi, publication_date='2020-05-25', description='<p>Spikes.</p>', access_right='open',
            creators=[{'name': 'Doe, Jane', 'affiliation': None}],
                version=self.version, resource_type={'title': 'Dataset', 'type': 'dataset'}, license={'id': 'cc-by-4.0'},
                relations={'version': [{'index': 1, 'is_last': True, 'parent': {'pid_type': 'recid', 'pid_value': self.concept}}]}),
            links={'self': here, 'files': f'{here}/files', 'versions': f'{here}/versions', 'latest': f'{here}/versions/latest',
            'archive': f'{here}/files-archive', 'doi': f'https://doi.org/{doi}'},
            files=self.files_of(lambda key: {'self': f'{here}/files/{key}/content'}))

    def entries(self):
        here = f'{self.url}/records/{self.record}/files'
        def entry(file): return {**{name: value for name, value in file.items() if name != 'id'}, 'file_id': file['id'],
            'version_id': as_uuid('version', file['id']), 'bucket_id':
            as_uuid('bucket', self.record), 'mimetype': media_type(file['key']), 'storage_class': 'L', 'status': 'completed', 'metadata': None,
            'access': {'hidden': False}, 'transfer': {'type': 'L'}}
        return [entry(file) for file in self.files_of(lambda key: {'self': f'{here}/{key}', 'content': f'{here}/{key}/content'})]

    def file_content(self, key, ranges):
        file = self.flat_files().get(key)
        return file and Content(key, file, f'md5:{self.digest(file)}', ranges=ranges,
            headers={'Content-MD5': self.digest(file), 'Content-Disposition': f"attachment; filename*=UTF-8''{quote(key)}",
            'X-Content-Type-Options': 'nosniff'})

    def route(self, request):
        missing = as_json({'status': 404, 'message': 'The persistent identifier does not exist.'}, 404)
        match request.parts():
            case ['api', 'records', self.concept]: return redirect(f'{self.url}/records/{self.record}')
            case ['api', 'records', self.record]: return as_json(self.record_json())
            case ['api', 'records', self.record, 'versions', 'latest']: return redirect(f'{self.url}/records/{self.record}')
            case ['api', 'records', self.record, 'files']: return as_json({'enabled': True, 'links': {'self': f'{self.url}/records/{self.record}/files'},
                'entries': self.entries(),
                'default_preview': None, 'order': []})
            case ['api', 'records', self.record, 'files', key]: return next((as_json(entry) for entry in self.entries() if entry['key'] == key), missing)
            case ['api', 'records', self.record, 'files', key, 'content']: return self.file_content(key, self.ranges) or missing
            case ['records' | 'record', self.record, 'files', key]: return self.file_content(key, True) or missing
        return missing

    def own_headers(self, status):
        return {'X-RateLimit-Limit': self.limit, 'X-RateLimit-Remaining': max(0, self.limit - len(self.requests)), 'X-RateLimit-Reset': int(time.time()) + 60,
            **({'Retry-After': 60} if status < 400 else {})}

    def refusal(self, request, fault): return as_json({'status': fault.code, 'message': f'{self.limit} per 1 minute' if fault.code == 429 else 'Refused.'},
        fault.code)


class DryadServer(Server):
    """Dryad's API v2 and, on a second port, its bucket. File lists are flat: files of subfolders go by their base names.

    `older`: for each older version, oldest first, the patterns of the files it lacks; `digests`: patterns and their digestType ('md5', 'sha-256',
    None for no digest).
    Listing is anyone's, but a wrong or expired token is refused there too; downloads need a token: `token`, or one from POST /oauth/token with `client`."""
    hosts, root = ('api', 'store'), '/api/v2'

    def __init__(self, folder, doi='10.5061/dryad.dncjsxm85', token='dryad-token', client=('id', 'secret'), older=(), digests={'*': 'md5'}, page_size=20,
        **options):
        super().__init__(folder, **options)
        self.doi, self.client, self.older, self.digests, self.page_size = doi, client, tuple(older), digests, page_size
        self.tokens, self._granted = {token} - {None}, 0

    def expire_tokens(self): self.tokens.clear()
    def version_id(self, number): return 26724 + 100*number   # of the version of this number, from 1 on
    def versions(self): return {self.version_id(number): number for number in range(1, len(self.older) + 2)}

    def files_of(self, number):
        "The files of a version by their ids."
        lacking = self.older[number - 1] if number <= len(self.older) else ()
        return {10000*number + n: (path, file) for n, (path, file) in enumerate(self.flat_files().items()) if not any(fnmatchcase(path,
            pattern) for pattern in lacking)}

    def dataset_path(self): return f'{self.root}/datasets/{quote(f"doi:{self.doi}", safe="")}'
    def links(self, here, **links):
        links = {name.replace('__', ':').replace('_', '-'): {'href': href} for name, href in {'self': here, **links}.items()}
        relations = 'https://github.com/datadryad/dryad-app/blob/main/documentation/apis/link_relations.md#{rel}'
        return {**links, 'curies': [{'name': 'stash', 'href': relations, 'templated': 'true'}]}

    def file_json(self, number, file_id):
        path, file = self.files_of(number)[file_id]
        kind = next((kind for pattern, kind in self.digests.items() if fnmatchcase(path, pattern)), None)
        digest = {'digest': self.digest(file, kind.replace('-', '')), 'digestType': kind} if kind else {}
        new = number == 1 or path not in [path for path, _ in self.files_of(number - 1).values()]
        here, version = f'{self.root}/files/{file_id}', f'{self.root}/versions/{self.version_id(number)}'
        return {'_links': self.links(here, stash__dataset=self.dataset_path(), stash__version=version, stash__files=f'{version}/files',
            stash__file_download=f'{here}/download',
            stash__download=f'{here}/download'), 'path': path, 'size': file.stat().st_size, 'mimeType': media_type(path),
            'status': 'created' if new else 'copied', **digest}

    def about(self, number):
        "What a dataset and its version both say."
        return {'title': 'A dataset', 'authors': [{'firstName': 'Jane', 'lastName': 'Doe'}], 'abstract': '<p>Spikes.</p>', 'versionNumber': number,
            'versionStatus': 'submitted',
            'curationStatus': 'Published', 'publicationDate': f'2022-0{number}-01', 'lastModificationDate': f'2022-0{number}-01', 'visibility': 'public'}

    def version_json(self, number):
        here = f'{self.root}/versions/{self.version_id(number)}'
        return {'_links': self.links(here, stash__dataset=self.dataset_path(), stash__files=f'{here}/files', stash__download=f'{here}/download'),
            **self.about(number)}

    def dataset_json(self):
        number, here = len(self.older) + 1, self.dataset_path()
        return {'_links': self.links(here, stash__versions=f'{here}/versions', stash__version=f'{self.root}/versions/{self.version_id(number)}',
            stash__download=f'{here}/download'),
            'identifier': f'doi:{self.doi}', 'id': 1234, 'storageSize': sum(file.stat().st_size for _, file in self.files_of(number).values()),
            **self.about(number),
            'sharingLink': f'https://datadryad.org/dataset/doi:{self.doi}', 'license': 'https://spdx.org/licenses/CC0-1.0.html'}

    def page(self, request, name, results):
        number, size = request.query.get('page', '1'), request.query.get('per_page', '')
        number, size = max(1, int(number)) if number.isdigit() else 1, min(int(size) if size.isdigit() and int(size) else self.page_size, 100)
        pages, path = max(1, -(-len(results)//size)), urlsplit(request.raw).path
        def link(n): return {'href': f'{path}?{urlencode({**request.query, "page": n})}'}
        links = {'self': {'href': request.raw}, 'first': link(1), 'last': link(pages)}
        if number > 1: links['prev'] = link(number - 1)
        if number < pages: links['next'] = link(number + 1)
        shown = results[(number - 1)*size:number*size]
        return as_json({'_links': links, 'count': len(shown), 'total': len(results), '_embedded': {f'stash:{name}': shown}})

    def grant(self, request):
        "A token for the client's id and secret, in a form, in JSON, or as basic credentials."
        asked = json.loads(request.body) if 'json' in request.headers.get('Content-Type', '') else dict(parse_qsl(request.body.decode()))
        scheme, _, value = request.headers.get('Authorization', '').partition(' ')
        client = tuple(base64.b64decode(value).decode().split(':', 1)) if scheme == 'Basic' else (asked.get('client_id'), asked.get('client_secret'))
        if asked.get('grant_type') != 'client_credentials': return as_json({'error': 'unsupported_grant_type',
            'error_description': 'The grant type is not supported.'}, 400)
        if client != tuple(self.client): return as_json({'error': 'invalid_client', 'error_description': 'Client authentication failed.'}, 401)
        self._granted += 1
        token = name_hash('token', self._granted)[:43]
        self.tokens.add(token)
        return as_json({'access_token': token, 'token_type': 'Bearer', 'expires_in': 36000, 'scope': 'all', 'created_at': int(time.time())})

    def route(self, request):
        parts, versions = request.parts(), self.versions()
        missing = as_json({'error': 'not-found'}, 404)
        if request.host == 'store':
            path, file = self.stored_files().get(request.path, (None, None))
            return self.stored(request, file and Content(path, file, self.digest(file), ranges=self.ranges, headers={'Content-Type': 'binary/octet-stream'}))
        if parts == ['oauth', 'token']: return self.grant(request) if request.method == 'POST' else missing
        if parts[:2] != ['api', 'v2']: return Answer(404, b'<h1>Not Found</h1>', {'Content-Type': 'text/html'})
        bearer = request.headers.get('Authorization', '')
        token = bearer.removeprefix('Bearer ') if bearer.startswith('Bearer ') else None
        if bearer and token not in self.tokens: return as_json({'error': 'The access token expired'}, 401,
            **{'WWW-Authenticate': 'Bearer realm="Dryad", error="invalid_token"'})
        if parts[-1] != 'download':
            accept, kind = request.headers.get('Accept', '*/*'), request.headers.get('Content-Type', 'application/json')
            accepts_json = '*/*' in accept or 'application/json' in accept
            if not accepts_json or not kind.startswith('application/json'): return as_json({'error': 'not-acceptable'}, 406)
        try: number_id = int(parts[3])
        except (IndexError, ValueError): number_id = None
        number = versions.get(number_id) if parts[2:3] == ['versions'] else (number_id or 0)//10000
        match parts[2:]:
            case ['test'] if token: return as_json({'message': 'Welcome application owner Jane', 'user_id': 1})
            case ['test']: return as_json({'error': 'Unauthorized, must have current bearer token'}, 401)
            case ['datasets', name] if name == f'doi:{self.doi}': return as_json(self.dataset_json())
            case ['datasets', name, 'versions'] if name == f'doi:{self.doi}': return self.page(request, 'versions',
                [self.version_json(number) for number in versions.values()])
            case ['versions', _] if number: return as_json(self.version_json(number))
            case ['versions', _, 'files'] if number: return self.page(request, 'files',
                [self.file_json(number, file_id) for file_id in self.files_of(number)])
            case ['files', _] if number in versions.values() and number_id in self.files_of(number): return as_json(self.file_json(number, number_id))
            case ['files', _, 'download'] if number in versions.values() and number_id in self.files_of(number):
                if not token: return as_json({'error': 'Unauthorized, must have current bearer token'}, 401)
                path, _ = self.files_of(number)[number_id]
                return redirect(self.signed('store', f'/v3/{self.version_id(number)}/data/{path}',
                    **{'response-content-disposition': f'attachment; filename={quote(path)}'}))
        return missing

    def stored_files(self):
        return {f'/v3/{version}/data/{path}': (path, file) for version, number in self.versions().items() for path, file in self.files_of(number).values()}

    def refusal(self, request, fault):
        if fault.code != 429: return as_json({'error': 'Refused.'}, fault.code)
        return Answer(429, b'Request rejected due to rate limits.\n',
            {'Content-Type': 'text/plain', 'RateLimit-Limit': '30', 'RateLimit-Remaining': '0', 'RateLimit-Reset': str(int(time.time()) + 60)})


class OsfServer(Server):
    """OSF's API v2 and, on a second port, its downloads (`/download/{id}/` to `/v1/resources/...` to a signed link).

    `children` are components: node ids and their folders; in `sent_of` and `faults` their files are named `{node}/{path}`. With direct=True the
    second address gives the file itself, without an ETag, as files.osf.io does when asked so."""
    hosts, root = ('api', 'files'), '/v2'

    def __init__(self, folder, node='82jfr', children={}, page_size=10, direct=False, **options):
        super().__init__(folder, **options)
        self.node, self.page_size, self.direct = node, page_size, direct
        self.folders = {node: self.folder, **{child: Path(folder) for child, folder in children.items()}}

    def children(self, node): return [child for child in self.folders if child != node] if node == self.node else []
    def file_id(self, node, path): return name_hash('osf', node, path)[:24]

    def entries(self, node):
        "Files and folders of a node by id: (path in the node, where it is)."
        folder = self.folders[node]
        return {self.file_id(node, path.relative_to(folder).as_posix()): (path.relative_to(folder).as_posix(), path) for path in sorted(folder.rglob('*'))}

    def files_link(self, node, entry=''): return f'{self.url}/nodes/{node}/files/osfstorage/' + (f'{entry}/' if entry else '')

    def node_json(self, node):
        def related(link): return {'links': {'related': {'href': link, 'meta': {}}}}
        here = f'{self.url}/nodes/{node}/'
        dates = [path.stat().st_mtime for _, path in self.entries(node).values()] or [0]
        return {'id': node, 'type': 'nodes', 'attributes': {'title': 'A project', 'description': 'Spikes.',
            'category': 'project' if node == self.node else 'data', 'public': True,
            'registration': False, 'date_created': stamp(min(dates)), 'date_modified': stamp(max(dates)), 'tags': [],
            'node_license': {'copyright_holders': [''], 'year': '2020'}},
            'relationships': {'files': related(f'{here}files/'), 'children': related(f'{here}children/'), 'root': related(f'{self.url}/nodes/{self.node}/'),
                'license': related(f'{self.url}/licenses/563c1cf88c5e4a3877f9e96a/'),
            **({} if node == self.node else {'parent': related(f'{self.url}/nodes/{self.node}/')})},
            'links': {'self': here, 'html': f'https://osf.io/{node}/'}}

    def provider_json(self, node):
        return {'id': f'{node}:osfstorage', 'type': 'files', 'attributes': {'kind': 'folder', 'name': 'osfstorage', 'path': '/', 'node': node,
            'provider': 'osfstorage'},
            'relationships': {'files': {'links': {'related': {'href': self.files_link(node), 'meta': {}}}}},
            'links': {'upload': f'{self.base["files"]}/v1/resources/{node}/providers/osfstorage/'}}

    def entry_json(self, node, entry):
        path, place = self.entries(node)[entry]
        is_file, date, slash = place.is_file(), stamp(place.stat().st_mtime), '' if place.is_file() else '/'
        hashes = {kind: self.digest(place, kind) if is_file else None for kind in ('md5', 'sha256')}
        info, stored = f'{self.url}/files/{entry}/', f'{self.base["files"]}/v1/resources/{node}/providers/osfstorage/{entry}{slash}'
        inner = {'links': {'related': {'href': f'{info}versions/' if is_file else self.files_link(node, entry), 'meta': {}}}}
        return {'id': entry, 'type': 'files', 'attributes': {'guid': None, 'checkout': None, 'name': place.name, 'kind': 'file' if is_file else 'folder',
            'path': f'/{entry}{slash}',
            'size': place.stat().st_size if is_file else None, 'provider': 'osfstorage', 'materialized_path': f'/{path}{slash}', 'last_touched': None,
            'date_modified': date if is_file else None,
            'date_created': date if is_file else None, 'extra': {'hashes': hashes, **({'downloads': 0} if is_file else {})}, 'tags': [],
            'current_user_can_comment': False, 'current_version': 1},
            'relationships': {'node': {'links': {'related': {'href': f'{self.url}/nodes/{node}/', 'meta': {}}}}, 'versions' if is_file else 'files': inner},
            'links': {'info': info, 'move': stored, 'upload': stored, 'delete': stored,
            **({'download': f'{self.base["files"]}/download/{entry}/'} if is_file else {})}}

    def inside(self, node, folder=''):
        "The ids of what a folder of the node holds, by name."
        return [entry for entry, (path, _) in self.entries(node).items() if PurePosixPath(path).parent.as_posix() == (folder or '.')]

    def api_json(self, value, status=200): return as_json(value, status, **{'Content-Type': 'application/vnd.api+json'})
    def error(self, status, detail): return self.api_json({'errors': [{'detail': detail}], 'meta': {'version': '2.0'}}, status)

    def page(self, request, results):
        number, size = request.query.get('page', '1'), request.query.get('page[size]', '')
        size = min(int(size) if size.isdigit() and int(size) else self.page_size, 100)
        pages = max(1, -(-len(results)//size))
        if not number.isdigit() or not 1 <= int(number) <= pages: return self.error(404, 'Invalid page.')
        number = int(number)
        others = {name: value for name, value in request.query.items() if name != 'page'}
        def link(n): return self.base['api'] + urlsplit(request.raw)._replace(query=urlencode({**others, **({'page': n} if n > 1 else {})})).geturl()
        links = {'first': link(1) if number > 1 else None, 'last': link(pages) if number < pages else None, 'prev': link(number - 1) if number > 1 else None,
            'next': link(number + 1) if number < pages else None, 'meta': {'total': len(results), 'per_page': size}}
        return self.api_json({'data': results[(number - 1)*size:number*size], 'links': links, 'meta': {'version': '2.0'}})

    def found(self, entry):
        "The node of a file or folder, its path there, and its place on disk."
        return next(((node, *entries[entry]) for node in self.folders if entry in (entries := self.entries(node))), (None,)*3)

    def route(self, request):
        parts = request.parts()
        if request.host == 'files': return self.of_files(request, parts)
        if parts[:1] != ['v2']: return Answer(404, b'<h1>Not Found</h1>', {'Content-Type': 'text/html'})
        if not request.path.endswith('/'): return redirect(urlsplit(request.raw)._replace(path=urlsplit(request.raw).path + '/').geturl(), 301)
        match parts[1:]:
            case ['nodes', node, *rest] if node in self.folders: return self.of_node(request, node, rest) or self.error(404, 'Not found.')
            case ['files', entry] if self.found(entry)[0]: return self.api_json({'data': self.entry_json(self.found(entry)[0], entry),
                'meta': {'version': '2.0'}})
            case ['licenses', '563c1cf88c5e4a3877f9e96a']: return self.api_json({'data': {'id': parts[2], 'type': 'licenses',
                'attributes': {'name': 'CC-By Attribution 4.0 International'}}})
        return self.error(404, 'Not found.')

    def of_node(self, request, node, rest):
        match rest:
            case []: return self.api_json({'data': self.node_json(node), 'meta': {'version': '2.0'}})
            case ['children']: return self.page(request, [self.node_json(child) for child in self.children(node)])
            case ['files']: return self.page(request, [self.provider_json(node)])
            case ['files', 'osfstorage']: return self.page(request, [self.entry_json(node, entry) for entry in self.inside(node)])
            case ['files', 'osfstorage', entry] if entry in self.entries(node):
                path, place = self.entries(node)[entry]
                if place.is_file(): return self.api_json({'data': self.entry_json(node, entry), 'meta': {'version': '2.0'}})
                return self.page(request, [self.entry_json(node, inner) for inner in self.inside(node, path)])

    def of_files(self, request, parts):
        missing = as_json({'code': 404, 'message': 'Could not retrieve file or directory'}, 404)
        entry = parts[-1] if parts else ''
        node, path, place = self.found(entry)
        if not node or not place.is_file(): return missing
        name, storage = path if node == self.node else f'{node}/{path}', f'/osf-storage/{node}/{entry}'
        content = Content(name, place, self.digest(place), ranges=self.ranges,
            headers={'Content-Disposition': f"attachment; filename*=UTF-8''{quote(place.name)}"})
        here, asked = f'{self.base["files"]}/v1/resources/{node}/providers/osfstorage/{entry}', 'action=download&version=1' + '&direct'*self.direct
        if parts[0] == 'download': return redirect(f'{here}?{asked}')
        if parts[0] == 'v1':
            if not self.direct and request.method == 'GET': return redirect(self.signed('files', storage))
            content.etag = None
            return content
        return self.stored(request, content)

    def refusal(self, request, fault): return self.error(fault.code, 'Request was throttled.' if fault.code == 429 else 'Refused.')


def annex_hashes(key):
    "Where git-annex keeps a key: the directories of a bare repository ('f87/4d5') and of one with a work tree, as in its symlinks ('pX/ZJ')."
    digest = hashlib.md5(key.encode()).digest()
    word = struct.unpack('<I', digest[:4])[0]
    a, b, c, d = ('0123456789zqjxkmvwgpfZQJXKMVWGPF'[word >> 6*n & 31] for n in range(4))
    return f'{digest.hex()[:3]}/{digest.hex()[3:6]}', f'{b}{a}/{d}{c}'


class GinServer(Server):
    """G-Node's GIN: a git repository, cloned from `/{owner}/{name}` with or without .git, and the content of its annexed files.

    Files of more than `large` bytes are annexed under keys of `backend` (MD5, MD5E, SHA256, SHA256E): as symlinks, or as pointer files where a
    pattern of `unlocked` fits.
    The content of files that fit a pattern of `absent` was never uploaded.
    `raw/{branch}/{path}` and `annex/objects/...` give content without ranges, ETag or Accept-Ranges, as GIN does. What changes on disk is committed by
    `commit()`; until then a key gives content that is not its own."""

    def __init__(self, folder, repository='paolo_papale/TVSD', backend='MD5', large=1000, unlocked=(), branch='master', absent=(), ranges=False):
        super().__init__(folder, ranges)
        self.repository, self.backend, self.large, self.unlocked, self.branch, self.absent = repository, backend, large, unlocked, branch, absent
        self.annexed, self.tree, self._commits = {}, {}, 0   # key: (path, file); path: what git holds

    def __enter__(self):
        self._home = TemporaryDirectory(prefix='gin-')
        self.bare = Path(self._home.name)/f'{self.repository}.git'
        self.git('init', '-q', '--bare', f'--initial-branch={self.branch}', str(self.bare), cwd=self._home.name)
        for name, value in {'annex.uuid': as_uuid('annex', self.repository), 'annex.version': '8'}.items(): self.git('config', name, value)
        self.commit()
        return super().__enter__()

    def __exit__(self, *arguments): super().__exit__(*arguments); self._home.cleanup()

    def git(self, *arguments, cwd=None, **options):
        env = {**os.environ, 'GIT_CONFIG_NOSYSTEM': '1', 'GIT_CONFIG_GLOBAL': os.devnull, 'HOME': self._home.name}
        return subprocess.run(['git', *arguments], cwd=cwd or self.bare, env=env, check=True, capture_output=True, **options).stdout

    def key(self, path, file):
        kind = self.backend.removesuffix('E').lower()
        suffix = ''.join(re.findall(r'\.[A-Za-z0-9]{1,4}(?=\.|$)', PurePosixPath(path).name)[-2:]) if self.backend.endswith('E') else ''
        return f'{self.backend}-s{file.stat().st_size}--{self.digest(file, kind)}{suffix}'

    def commit(self):
        "Commit the folder as it is, by one fixed author, a day after the last time."
        self.tree, logs = {}, {}
        for path, file in self.files().items():
            if file.stat().st_size <= self.large: self.tree[path] = ('100644', file.read_bytes()); continue
            key = self.key(path, file)
            self.annexed[key] = (path, file)
            lower, mixed = annex_hashes(key)
            logs[f'{lower}/{key}.log'] = ('100644', f'1580000000s 1 {as_uuid("annex", self.repository)}\n'.encode())
            if any(fnmatchcase(path, pattern) for pattern in self.unlocked): self.tree[path] = ('100644', f'/annex/objects/{key}\n'.encode())
            else: self.tree[path] = ('120000', f'{"../"*path.count("/")}.git/annex/objects/{mixed}/{key}/{key}'.encode())
        when = f'Jane Doe <jane@example.org> {1580000000 + 86400*self._commits} +0000'
        logs['uuid.log'] = ('100644', f'{as_uuid("annex", self.repository)} GIN timestamp=1580000000s\n'.encode())
        stream = b''
        for branch, tree in ((self.branch, self.tree), ('git-annex', logs)):
            parent = f'from refs/heads/{branch}^0\ndeleteall\n' if self._commits else ''
            stream += f'commit refs/heads/{branch}\nauthor {when}\ncommitter {when}\ndata 4\nData\n{parent}'.encode()
            for path, (mode, data) in tree.items():
                stream += f'M {mode} inline {json.dumps(path, ensure_ascii=False)}\ndata {len(data)}\n'.encode() + data + b'\n'
        self.git('fast-import', '--quiet', input=stream)
        self._commits += 1
        self.modified = formatdate(1580000000 + 86400*(self._commits - 1), usegmt=True)

    def annex_content(self, key, **headers):
        path, file = self.annexed.get(key, (None, None))
        if not path or any(fnmatchcase(path, pattern) for pattern in self.absent): return Answer(500, b'Internal Server Error')   # as GIN says it
        text = b'\0' not in file.read_bytes()[:1024]
        kinds = {'Content-Type': 'text/plain; charset=utf-8'} if text else {'Content-Disposition': f'attachment; filename="{PurePosixPath(path).name}"',
            'Content-Transfer-Encoding': 'binary'}
        return Content(path, file, modified=False, ranges=self.ranges, headers={**kinds, **headers})

    def route(self, request):
        missing, parts = Answer(404, b'<!DOCTYPE html><title>Page Not Found</title>', {'Content-Type': 'text/html; charset=UTF-8'}), request.parts()
        owner, name = self.repository.lower().split('/')
        if [part.lower() for part in parts[:2]] not in ([owner, name], [owner, f'{name}.git']): return missing
        rest, dotted = parts[2:], parts[1].lower().endswith('.git')
        if rest[:1] in (['info'], ['git-upload-pack'], ['git-receive-pack'], ['HEAD'], ['objects']): return self.smart_http(request, '/'.join(rest))
        if dotted: return missing   # what follows is found without .git only
        match rest:
            case []: return Answer(200, b'<!DOCTYPE html><title>GIN</title>', {'Content-Type': 'text/html; charset=UTF-8'})
            case ['config']: return Answer(200, (self.bare/'config').read_bytes(),
                {'Content-Type': 'application/octet-stream', 'Content-Disposition': 'attachment; filename=config'})
            case ['annex', 'objects', one, two, key, same]: return self.annex_content(key if key == same and f'{one}/{two}' == annex_hashes(key)[0] else None)
            case ['raw', branch, *path] if branch in (self.branch, self.git('rev-parse', self.branch, text=True).strip()) and '/'.join(path) in self.tree:
                path, (mode, data) = '/'.join(path), self.tree['/'.join(path)]
                pointed = re.match(rb'(?:(?:\.\./)*\.git|)/?annex/objects/\S+', data) and data.decode().strip().split('/')[-1]
                if pointed: return self.annex_content(pointed, **{'Last-Modified': self.modified})
                return Content(path, data, modified=False, ranges=self.ranges,
                    headers={'Content-Type': 'text/plain; charset=utf-8', 'Last-Modified': self.modified})
        return missing

    def smart_http(self, request, path):
        "The answer of git's own HTTP server; it lets no one push."
        env = {'PATH': os.environ['PATH'], 'GIT_CONFIG_NOSYSTEM': '1', 'GIT_CONFIG_GLOBAL': os.devnull, 'HOME': self._home.name,
            'GIT_PROJECT_ROOT': str(self.bare.parents[1]), 'GIT_HTTP_EXPORT_ALL': '1',
            'PATH_INFO': f'/{self.repository}.git/{path}', 'REQUEST_METHOD': request.method, 'QUERY_STRING': urlsplit(request.raw).query,
            'CONTENT_TYPE': request.headers.get('Content-Type', ''),
            'CONTENT_LENGTH': str(len(request.body)), 'REMOTE_ADDR': '127.0.0.1', 'HTTP_CONTENT_ENCODING': request.headers.get('Content-Encoding', ''),
            'GIT_PROTOCOL': request.headers.get('Git-Protocol', '')}
        head, _, body = subprocess.run(['git', 'http-backend'], env=env, input=request.body, capture_output=True, check=True).stdout.partition(b'\r\n\r\n')
        headers = dict(line.split(': ', 1) for line in head.decode().split('\r\n'))
        return Answer(int(headers.pop('Status', '200').split()[0]), body, headers)
