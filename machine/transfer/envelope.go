package transfer

import (
	"bytes"
	"errors"
	"io"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// seal encrypts plain into an age file.
func seal(plain []byte, to Recipients) ([]byte, error) {
	if len(to.list) == 0 {
		return nil, ErrNoRecipient
	}
	var labels [][]string
	var witnesses []age.Recipient
	for _, r := range to.list {
		witnesses = append(witnesses, witness{r, &labels})
	}
	var file bytes.Buffer
	w, err := age.Encrypt(&file, witnesses...)
	if err != nil {
		if differ(labels) {
			return nil, ErrMixedRecipients
		}
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return file.Bytes(), nil
}

// intro begins every age file that is not armored.
const intro = "age-encryption.org/"

// open decrypts an age file, armored or not. The caller clears what it returns.
// age's own errors are dropped where they might quote the file, which may be
// anything.
func open(file []byte, with Identities) ([]byte, error) {
	if len(with.list()) == 0 {
		return nil, ErrNoIdentity
	}
	var src io.Reader = bytes.NewReader(file)
	switch text := bytes.TrimLeft(file, " \t\r\n"); {
	case bytes.HasPrefix(text, []byte(armor.Header)):
		src = armor.NewReader(bytes.NewReader(text))
	case !bytes.HasPrefix(file, []byte(intro)):
		return nil, ErrNotAge
	}
	r, err := age.Decrypt(src, with.list()...)
	switch {
	case errors.As(err, new(*age.NoIdentityMatchError)):
		return nil, ErrWrongIdentity
	case errors.As(err, new(*PluginError)):
		return nil, err
	case err != nil:
		return nil, ErrDamaged
	}
	// No plaintext is longer than its file: so the array never grows, and
	// leaves no copy behind.
	plain := bytes.NewBuffer(make([]byte, 0, len(file)+bytes.MinRead))
	if _, err := plain.ReadFrom(r); err != nil {
		clear(plain.Bytes())
		return nil, ErrDamaged
	}
	return plain.Bytes(), nil
}
