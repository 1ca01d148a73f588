#!/usr/bin/env python3
"""The origin of vectors.json: python3 vectors.py > vectors.json

Computed from the standards alone, apart from the Go code that it holds to the
byte: HMAC and HKDF with SHA-256 (RFC 5869), ChaCha20-Poly1305 (RFC 8439), and
XChaCha20 (draft-irtf-cfrg-xchacha-03). Argon2id (RFC 9106) is OpenSSL's, by the
package cryptography. The output is kept for ever: a change in it is a store
that does not open any more.
"""

import base64
import hashlib
import hmac
import json
import struct

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id


def extract(salt, secret):
    return hmac.new(salt, secret, hashlib.sha256).digest()


def expand(prk, info, size):
    out, block, n = b"", b"", 1
    while len(out) < size:
        block = hmac.new(prk, block + info + bytes([n]), hashlib.sha256).digest()
        out, n = out + block, n + 1
    return out[:size]


def lp(*parts):
    return b"".join(struct.pack(">I", len(p)) + p for p in parts)


def u64(n):
    return struct.pack(">Q", n)


def rounds(state):
    x = list(state)

    def quarter(a, b, c, d):
        for i, j, k, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            x[i] = (x[i] + x[j]) & 0xFFFFFFFF
            v = x[k] ^ x[i]
            x[k] = (v << turn | v >> (32 - turn)) & 0xFFFFFFFF

    for _ in range(10):
        for i in range(4):
            quarter(i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return x


def initial(key, last16):
    return struct.unpack("<16I", b"expand 32-byte k" + key + last16)


def hchacha20(key, nonce16):
    x = rounds(initial(key, nonce16))
    return struct.pack("<8I", *x[:4], *x[12:])


def chacha20(key, counter, nonce12, data):
    out = b""
    for i in range(0, len(data), 64):
        state = initial(key, struct.pack("<I", counter + i // 64) + nonce12)
        stream = struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(state, rounds(state))))
        out += bytes(a ^ b for a, b in zip(data[i : i + 64], stream))
    return out


def poly1305(key, data):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    acc = 0
    for i in range(0, len(data), 16):
        acc = (acc + int.from_bytes(data[i : i + 16] + b"\x01", "little")) * r % (2**130 - 5)
    return ((acc + int.from_bytes(key[16:], "little")) % 2**128).to_bytes(16, "little")


def seal(key, nonce24, plaintext, aad):
    key, nonce = hchacha20(key, nonce24[:16]), bytes(4) + nonce24[16:]
    sealed = chacha20(key, 1, nonce, plaintext)
    pad = lambda b: b + bytes(-len(b) % 16)
    mac = pad(aad) + pad(sealed) + struct.pack("<QQ", len(aad), len(sealed))
    return sealed + poly1305(chacha20(key, 0, nonce, bytes(64))[:32], mac)


def hwid(source, machine_id):
    return hmac.new(b"secrets/v1/hwid", lp(source, machine_id), hashlib.sha256).digest()


def stretch(passphrase, salt, cost, **more):
    return Argon2id(salt=salt, length=32, iterations=cost["t"], memory_cost=cost["m"], lanes=cost["p"], **more).derive(
        passphrase
    )


def slot(name, typ, key, hw, store, epoch, slot_id, salt, nonce, content, cost=None, kind=1):
    given = key
    if cost:
        key = stretch(key, salt, cost)
    ctx = lp(store, u64(epoch), u64(slot_id), typ)
    tag_prk = extract(salt, b"" if typ == b"passphrase" else key)
    ktag = b"" if typ == b"passphrase" else expand(tag_prk, b"secrets/v1/slot/ktag\0" + ctx, 16)
    htag = expand(tag_prk, b"secrets/v1/slot/htag\0" + ctx + lp(hw), 16)
    prk = extract(salt, lp(key, hw))
    check = expand(prk, b"secrets/v1/slot/check\0" + ctx, 32)
    kek = expand(prk, b"secrets/v1/slot/kek\0" + ctx, 32)
    aad = lp(b"secrets/v1/slot", ctx, salt, ktag, htag, check)
    b64 = lambda b: base64.b64encode(b).decode()
    stored = {"id": slot_id, "type": typ.decode(), "salt": b64(salt)}
    if cost:
        stored["argon2id"] = cost
    if ktag:
        stored["key_tag"] = b64(ktag)
    stored |= {
        "hardware_tag": b64(htag),
        "check": b64(check),
        "nonce": b64(nonce),
        "wrap": b64(seal(kek, nonce, bytes([kind]) + content, aad)),
    }
    return {
        "name": name,
        "key": given.hex(),
        "hardware_hash": hw.hex(),
        "store": store.hex(),
        "epoch": epoch,
        "content": content.hex(),
        "kek": kek.hex(),
        "slot": stored,
    }


def test_standards():
    """The published examples, so that the vectors rest on more than this file."""
    # RFC 5869, A.1
    prk = extract(bytes(range(13)), b"\x0b" * 22)
    assert expand(prk, bytes(range(0xF0, 0xFA)), 42).hex().startswith("3cb25f25faacd57a90434f64d0362f2a")
    # RFC 9106, 5.3
    tag = stretch(b"\1" * 32, b"\2" * 16, {"t": 3, "m": 32, "p": 4}, secret=b"\3" * 8, ad=b"\4" * 12)
    assert tag.hex() == "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
    # draft-irtf-cfrg-xchacha-03, A.3.1
    text = (
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one "
        b"tip for the future, sunscreen would be it."
    )
    aad = bytes.fromhex("50515253c0c1c2c3c4c5c6c7")
    sealed = seal(bytes(range(0x80, 0xA0)), bytes(range(0x40, 0x58)), text, aad)
    assert sealed[-16:].hex() == "c0875924c1c7987947deafd8780acf49"


def main():
    test_standards()
    ids = [
        (b"machine-id", b"0123456789abcdef0123456789abcdef"),
        (b"IOPlatformUUID", b"564d0b1c7f2a4c3d9e8f001122334455"),
        (b"MachineGuid", b"9f1c2d3e4b5a69788796a5b4c3d2e1f0"),
    ]
    key, vault_key = bytes(range(32)), bytes(range(64, 96))
    store, salt, nonce = bytes(range(0xA0, 0xB0)), bytes(range(128, 160)), bytes(range(200, 224))
    hw = hwid(*ids[0])
    phrase = "correct horse, bättery staple".encode()
    cost, small = {"t": 3, "m": 256 * 1024, "p": 4}, {"t": 1, "m": 64, "p": 1}
    slots = [
        slot("keyring", b"keyring", key, hw, store, 1, 0, salt, nonce, vault_key),
        slot("keyring, no hardware ID", b"keyring", key, b"", store, 1, 0, salt, nonce, vault_key),
        slot("file", b"file", key, hw, store, 1, 0, salt, nonce, vault_key),
        slot("file, big numbers", b"file", key, hw, store, 2**63, 2**40 + 5, salt, nonce, vault_key),
        slot("passphrase", b"passphrase", phrase, hw, store, 7, 3, salt, nonce, vault_key, cost),
        slot("passphrase, no hardware ID", b"passphrase", phrase, b"", store, 7, 3, salt, nonce, vault_key, small),
        slot("identity", b"identity", vault_key, b"", store, 7, 4, salt, nonce, b"AGE-SECRET-KEY-PQ-1TEST", kind=2),
    ]
    hardware = [{"source": s.decode(), "id": i.decode(), "hash": hwid(s, i).hex()} for s, i in ids]
    print(json.dumps({"hardware": hardware, "slots": slots}, indent=1))


if __name__ == "__main__":
    main()
