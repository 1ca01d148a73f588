#!/usr/bin/env python3
"""A second reader of store format 1, written from docs/format.md alone and with
the Python standard library alone. It shares no code with the first one.

  reader.py read FILE VAULTKEY-HEX      prints each secret of a store as JSON
  reader.py vectors > vectors.json      computes what vectors_test.go compares
"""

import base64
import hashlib
import hmac
import json
import struct
import sys

PAGE = 4096


# Building blocks: lp, HKDF (RFC 5869), Ed25519 (RFC 8032), XChaCha20-Poly1305
# (RFC 8439 and draft-irtf-cfrg-xchacha).

def lp(x):
    if isinstance(x, int):
        x = x.to_bytes(8, "big")
    return len(x).to_bytes(4, "big") + x


def extract(salt, secret):
    return hmac.new(salt, secret, hashlib.sha256).digest()


def expand(prk, purpose, context=b""):
    info = purpose.encode() + b"\x00" + context
    return hmac.new(prk, info + b"\x01", hashlib.sha256).digest()


P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def edwards_add(a, b):
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def edwards_mul(n, a):
    q = (0, 1, 1, 0)
    while n:
        if n & 1:
            q = edwards_add(q, a)
        a = edwards_add(a, a)
        n >>= 1
    return q


def edwards_x(y, sign):
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - x2) % P:
        raise ValueError("not on the curve")
    return P - x if x & 1 != sign else x


def edwards_decode(b):
    y = int.from_bytes(b, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    x = edwards_x(y, sign)
    return x, y, 1, x * y % P


def edwards_encode(a):
    z = pow(a[2], P - 2, P)
    x, y = a[0] * z % P, a[1] * z % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = edwards_x(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def ed25519_public(seed):
    h = hashlib.sha512(seed).digest()
    a = int.from_bytes(h[:32], "little") & (1 << 254) - 8 | 1 << 254
    return edwards_encode(edwards_mul(a, BASE))


def ed25519_verify(public, message, signature):
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % L
    left = edwards_mul(s, BASE)
    right = edwards_add(edwards_decode(r), edwards_mul(k, edwards_decode(public)))
    return s < L and edwards_encode(left) == edwards_encode(right)


def rotl(x, n):
    return (x << n | x >> 32 - n) & 0xFFFFFFFF


def chacha_rounds(s):
    s = list(s)
    for _ in range(10):
        for a, b, c, d in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                           (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            s[a] = s[a] + s[b] & 0xFFFFFFFF; s[d] = rotl(s[d] ^ s[a], 16)
            s[c] = s[c] + s[d] & 0xFFFFFFFF; s[b] = rotl(s[b] ^ s[c], 12)
            s[a] = s[a] + s[b] & 0xFFFFFFFF; s[d] = rotl(s[d] ^ s[a], 8)
            s[c] = s[c] + s[d] & 0xFFFFFFFF; s[b] = rotl(s[b] ^ s[c], 7)
    return s


CONSTANTS = struct.unpack("<4I", b"expand 32-byte k")


def chacha_block(key, counter, nonce):
    s = CONSTANTS + struct.unpack("<8I", key) + (counter,) + struct.unpack("<3I", nonce)
    return struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(s, chacha_rounds(s))))


def xchacha_open(key, nonce, sealed, aad):
    s = chacha_rounds(CONSTANTS + struct.unpack("<8I", key) + struct.unpack("<4I", nonce[:16]))
    key, nonce = struct.pack("<8I", *(s[:4] + s[12:])), bytes(4) + nonce[16:]
    text, tag = sealed[:-16], sealed[-16:]

    one = chacha_block(key, 0, nonce)
    r = int.from_bytes(one[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    mac = 0
    message = aad + bytes(-len(aad) % 16) + text + bytes(-len(text) % 16)
    message += struct.pack("<QQ", len(aad), len(text))
    for i in range(0, len(message), 16):
        mac = (mac + int.from_bytes(message[i:i + 16] + b"\x01", "little")) * r % (2**130 - 5)
    mac = (mac + int.from_bytes(one[16:32], "little")) % 2**128
    if not hmac.compare_digest(mac.to_bytes(16, "little"), tag):
        raise ValueError("a part does not open")

    plain = bytearray()
    for i in range(0, len(text), 64):
        block = chacha_block(key, 1 + i // 64, nonce)
        plain += bytes(a ^ b for a, b in zip(text[i:i + 64], block))
    return bytes(plain)


# The pages.

def fnv1a(b):
    h = 0xCBF29CE484222325
    for x in b:
        h = (h ^ x) * 0x100000001B3 & 2**64 - 1
    return h


def elements(data, page):
    """The (flags, key, value) of a leaf page, or of all leaves below a branch."""
    kind, count = struct.unpack_from("<HH", page, 8)
    for i in range(count):
        at = 16 + 16 * i
        if kind == 1:
            _, _, child = struct.unpack_from("<IIQ", page, at)
            yield from elements(data, page_at(data, child))
        else:
            flags, pos, key, value = struct.unpack_from("<IIII", page, at)
            start = at + pos
            yield flags, page[start:start + key], page[start + key:start + key + value]


def page_at(data, number):
    overflow, = struct.unpack_from("<I", data, number * PAGE + 12)
    return data[number * PAGE:(number + 1 + overflow) * PAGE]


def buckets(data):
    root, newest = 0, -1
    for number in (0, 1):
        meta = data[number * PAGE + 16:][:64]
        magic, version, size, _, page, _, _, _, txid, check = struct.unpack("<IIIIQQQQQQ", meta)
        if (magic, version, size) == (0xED0CDAED, 2, PAGE) and fnv1a(meta[:56]) == check and txid > newest:
            root, newest = page, txid
    found = {}
    for flags, name, value in elements(data, page_at(data, root)):
        assert flags == 1
        number, = struct.unpack_from("<Q", value)
        page = page_at(data, number) if number else value[16:]
        found[name.decode()] = {key: value for _, key, value in elements(data, page)}
    return found


# The store.

class Keys:
    def __init__(self, vault_key, store_id, epoch):
        self.id, self.epoch = store_id, epoch
        self.prk = extract(lp(store_id) + lp(epoch), vault_key)
        self.index = expand(self.prk, "secrets/v1/index")
        self.sign = expand(self.prk, "secrets/v1/sign")
        self.sign_tag = expand(self.prk, "secrets/v1/sign-tag")
        self.activity = expand(self.prk, "secrets/v1/activity")

    def part(self, purpose, record, version):
        return expand(self.prk, purpose, lp(record) + lp(version))

    def aad(self, purpose, record, version, revision):
        return b"".join(map(lp, (purpose.encode(), self.id, self.epoch, record, version, revision)))

    def tag(self, public):
        return hmac.new(self.sign_tag, public, hashlib.sha256).digest()

    def blind(self, label):
        return hmac.new(self.index, label.encode(), hashlib.sha256).digest()

    def manifest_message(self, digest, body):
        return b"secrets/v1/manifest\x00" + lp(self.id) + lp(self.epoch) + lp(digest) + lp(body)

    def open(self, purpose, record, part):
        assert part[0] == 1
        version, revision = struct.unpack_from(">QQ", part, 1)
        key = self.part(purpose, record, version)
        padded = xchacha_open(key, part[17:41], part[41:], self.aad(purpose, record, version, revision))
        plain = padded.rstrip(b"\x00")
        assert plain[-1:] == b"\x80" and len(padded) % 64 == 0
        return plain[:-1]


def shard_digests(index):
    shards = [hashlib.sha256() for _ in range(256)]
    for key in sorted(index):
        shards[key[0]].update(lp(key) + lp(index[key]))
    return b"".join(shard.digest() for shard in shards)


def read(path, vault_key):
    with open(path, "rb") as f:
        found = buckets(f.read())
    text, digest = found["meta"][b"header"][:-32], found["meta"][b"header"][-32:]
    assert hashlib.sha256(text).digest() == digest
    header = json.loads(text)
    assert header["format"] == 1
    keys = Keys(vault_key, bytes.fromhex(header["store_id"]), header["epoch"])

    manifest = found["meta"][b"manifest"]
    body, signature = manifest[:-64], manifest[-64:]
    public = ed25519_public(keys.sign)
    if "sign_key" in header:
        assert base64.b64decode(header["sign_key"]) == public
        assert base64.b64decode(header["sign_key_tag"]) == keys.tag(public)
    assert ed25519_verify(public, keys.manifest_message(digest, body), signature)
    version, _, count = struct.unpack_from(">BQQ", body)
    assert version == 1 and count == len(found["index"]) and 2 * count == len(found["record"])
    assert body[17:] == shard_digests(found["index"])

    for key, entry in sorted(found["index"].items()):
        assert entry[:4] == b"\x00\x00\x00\x10" and len(entry) == 84
        record, meta_digest, value_digest = entry[4:20], entry[20:52], entry[52:]
        meta, value = found["record"][record + b"/meta"], found["record"][record + b"/value"]
        assert hashlib.sha256(meta).digest() == meta_digest
        assert hashlib.sha256(value).digest() == value_digest
        about = json.loads(keys.open("secrets/v1/meta", record, meta))
        assert keys.blind(about["label"]) == key
        yield about, keys.open("secrets/v1/value", record, value)


def vectors():
    vault_key, store_id, record = bytes(range(32)), bytes(range(16, 32)), bytes(range(32, 48))
    epoch, version, revision = 3, 1, 7
    keys = Keys(vault_key, store_id, epoch)
    index = {bytes([n]) + bytes(31): lp(bytes(16)) + bytes([n]) * 64 for n in (0, 7, 255)}
    header = b'{"format":1}'
    digest = hashlib.sha256(header).digest()
    body = b"\x01" + struct.pack(">QQ", 9, len(index)) + shard_digests(index)
    return {
        "vault_key": vault_key.hex(),
        "store_id": store_id.hex(),
        "epoch": epoch,
        "record_id": record.hex(),
        "key_version": version,
        "revision": revision,
        "prk": keys.prk.hex(),
        "secrets/v1/index": keys.index.hex(),
        "secrets/v1/sign": keys.sign.hex(),
        "secrets/v1/sign-tag": keys.sign_tag.hex(),
        "secrets/v1/activity": keys.activity.hex(),
        "secrets/v1/meta": keys.part("secrets/v1/meta", record, version).hex(),
        "secrets/v1/value": keys.part("secrets/v1/value", record, version).hex(),
        "public_key": ed25519_public(keys.sign).hex(),
        "public_key_tag": keys.tag(ed25519_public(keys.sign)).hex(),
        "blind openai-api-key": keys.blind("openai-api-key").hex(),
        "aad secrets/v1/meta": keys.aad("secrets/v1/meta", record, version, revision).hex(),
        "aad secrets/v1/value": keys.aad("secrets/v1/value", record, version, revision).hex(),
        "header_digest": digest.hex(),
        "shard_digests": hashlib.sha256(shard_digests(index)).hexdigest(),
        "manifest_message": hashlib.sha256(keys.manifest_message(digest, body)).hexdigest(),
    }


if __name__ == "__main__":
    if sys.argv[1:] == ["vectors"]:
        print(json.dumps(vectors(), indent=2))
    else:
        _, _, path, vault_key = sys.argv
        for about, value in read(path, bytes.fromhex(vault_key)):
            print(json.dumps({"meta": about, "value": value.hex()}))
