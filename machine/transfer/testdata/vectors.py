#!/usr/bin/env python3
"""The origin of vectors.json: python3 vectors.py > vectors.json

An age file written by hand after its specification (age-encryption.org/v1, an
X25519 recipient), apart from the Go code that reads it, by the package
cryptography. The output is kept for ever: a recovery slot that does not open
any more is a store that is lost.
"""

import base64
import hashlib
import hmac
import json
import struct

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def derive(secret, salt, info):
    return HKDF(SHA256(), 32, salt, info).derive(secret)


def b64(data):
    return base64.b64encode(data).rstrip(b"=")


def age(plain, recipient, ephemeral, file_key, nonce):
    """One chunk: plain is shorter than 64 KiB."""
    share = ephemeral.public_key().public_bytes_raw()
    wrap_key = derive(
        ephemeral.exchange(recipient), share + recipient.public_bytes_raw(), b"age-encryption.org/v1/X25519"
    )
    body = ChaCha20Poly1305(wrap_key).encrypt(bytes(12), file_key, None)
    header = b"age-encryption.org/v1\n-> X25519 " + b64(share) + b"\n" + b64(body) + b"\n---"
    mac = hmac.new(derive(file_key, b"", b"header"), header, hashlib.sha256).digest()
    payload = ChaCha20Poly1305(derive(file_key, nonce, b"payload")).encrypt(bytes(11) + b"\1", plain, None)
    return header + b" " + b64(mac) + b"\n" + nonce + payload


def armored(file):
    text = base64.b64encode(file).decode()
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN AGE ENCRYPTED FILE-----", *lines, "-----END AGE ENCRYPTED FILE-----", ""])


CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def bech32(hrp, data):
    """BIP 173, without its limit of 90 characters."""
    bits = "".join(f"{b:08b}" for b in data)
    bits += "0" * (-len(bits) % 5)
    values = [int(bits[i : i + 5], 2) for i in range(0, len(bits), 5)]
    check = 1
    for v in [ord(c) >> 5 for c in hrp] + [0] + [ord(c) & 31 for c in hrp] + values + [0] * 6:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ v
        for i, g in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= g if top >> i & 1 else 0
    values += [(check ^ 1) >> 5 * (5 - i) & 31 for i in range(6)]
    return hrp + "1" + "".join(CHARSET[v] for v in values)


def main():
    identity, ephemeral = (X25519PrivateKey.from_private_bytes(bytes(range(n, n + 32))) for n in (1, 101))
    file_key, nonce = bytes(range(50, 66)), bytes(range(70, 86))
    recipient = identity.public_key()
    store, epoch, vault_key = bytes(range(0xA0, 0xB0)), 7, bytes(range(64, 96))
    encrypt = lambda plain: age(plain, recipient, ephemeral, file_key, nonce)
    recovery = encrypt(b"secrets/v1/recovery" + store + struct.pack(">Q", epoch) + vault_key)
    bundle = {
        "kind": "transfer",
        "version": 1,
        "from": store.hex(),
        "created": "2026-01-02T03:04:05Z",
        "expires": "2026-02-02T03:04:05Z",
        "items": [
            {
                "label": "stripe/live",
                "env": "STRIPE_KEY",
                "note": "the <live> one",
                "expires": "2027-01-01T00:00:00Z",
                "value": base64.b64encode(b"sk_live_\xff\n\x00").decode(),
            },
            {"label": "pin", "unmasked": True, "value": base64.b64encode(b"42").decode()},
        ],
    }
    text = bech32("age", recipient.public_bytes_raw())
    out = {
        "identity": bech32("age-secret-key-", identity.private_bytes_raw()).upper(),
        "recipient": text,
        "store": store.hex(),
        "epoch": epoch,
        "vault_key": vault_key.hex(),
        "slot": {"id": 5, "type": "recovery", "recipients": [text], "file": base64.b64encode(recovery).decode()},
        "bundle_json": json.dumps(bundle, separators=(",", ":")).replace("<", "\\u003c").replace(">", "\\u003e"),
        "bundle": armored(encrypt(json.dumps(bundle).encode())),
    }
    print(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
