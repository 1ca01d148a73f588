package machine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"
	ss "github.com/zalando/go-keyring/secret_service"
)

// Names of the Secret Service API, version 0.2 draft of freedesktop.org.
const (
	secretsName       = "org.freedesktop.secrets"
	secretsPath       = dbus.ObjectPath("/org/freedesktop/secrets")
	secretsInterface  = "org.freedesktop.Secret.Service"
	collectionPath    = secretsPath + "/collection/"
	collectionMethods = "org.freedesktop.Secret.Collection"
	itemMethods       = "org.freedesktop.Secret.Item"
)

// Probe finds out over a connection of its own what go-keyring would meet. The
// connection closes when ctx ends, so that neither a frozen keyring nor a
// socket that never answers can hold it; and the bus's address is never left
// to godbus, which would start a bus and a keyring daemon that stay for ever.
//
// Where it finds the item and nothing needs a prompt, Get can read it until then
// over the same connection.
func (k *systemKeyring) Probe(ctx context.Context, name string) error {
	k.found.Store(nil)
	address, err := k.busAddress()
	if err != nil {
		return err
	}
	// go-keyring finds the bus by this variable alone.
	if err := os.Setenv("DBUS_SESSION_BUS_ADDRESS", address); err != nil { //nolint:forbidigo // go-keyring takes the address from nowhere else
		return err
	}
	conn, err := dbus.Connect(address, dbus.WithContext(ctx))
	if err != nil {
		return expired(ctx, fmt.Errorf("%w: %w", BusUnreachable, err))
	}
	service := secretService{ctx, conn}
	item, err := service.probe(name)
	if err != nil || item == "" {
		_ = conn.Close()
		return expired(ctx, err)
	}
	k.found.Store(&foundItem{service, name, item})
	return nil
}

// A foundItem is one that was found unlocked.
type foundItem struct {
	service secretService
	name    string
	item    dbus.ObjectPath
}

// read reads the item if it is that of name. go-keyring would read it as well,
// over a connection of its own and with twice as many questions: it is left to
// find out what else than time keeps the item from being read here.
func (f *foundItem) read(name string) (string, error) {
	if f == nil || f.name != name {
		return "", KeyMissing
	}
	secret, err := f.service.secret(f.item)
	defer clear(secret.Value)
	return string(secret.Value), expired(f.service.ctx, err)
}

// expired turns whatever a connection says that its deadline closed into
// TimedOut.
func expired(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return TimedOut
	}
	return err
}

// busAddress finds the session bus.
func (k *systemKeyring) busAddress() (string, error) {
	address := k.getenv("DBUS_SESSION_BUS_ADDRESS")
	if address != "" && !strings.HasPrefix(address, "autolaunch:") {
		return address, nil
	}
	for _, dir := range []string{k.getenv("XDG_RUNTIME_DIR"), k.runtime} {
		if !filepath.IsAbs(dir) {
			continue
		}
		socket := filepath.Join(dir, "bus")
		if _, err := os.Stat(socket); err == nil {
			return "unix:path=" + dbus.EscapeBusAddressValue(socket), nil
		}
	}
	return "", NoBus
}

// A secretService is a keyring daemon, asked only what needs no prompt.
type secretService struct {
	ctx  context.Context
	conn *dbus.Conn
}

// probe finds the item of a name, unlocked, or none.
func (s secretService) probe(name string) (item dbus.ObjectPath, err error) {
	collection, err := s.collection()
	if err != nil {
		return "", err
	}
	if err := s.unlock(collection, collectionMethods); err != nil {
		return "", err
	}
	if name == "" {
		return "", nil
	}
	var items []dbus.ObjectPath
	attributes := map[string]string{"service": keyringService, "username": name}
	if err := s.call(collection, collectionMethods+".SearchItems", attributes).Store(&items); err != nil {
		return "", withState(err)
	}
	if len(items) == 0 {
		return "", nil
	}
	return items[0], s.unlock(items[0], itemMethods)
}

// secret reads an item, in the clear as go-keyring does: a bus is its user's own.
func (s secretService) secret(item dbus.ObjectPath) (secret ss.Secret, err error) {
	var none dbus.Variant
	var session dbus.ObjectPath
	err = s.call(secretsPath, secretsInterface+".OpenSession", "plain", dbus.MakeVariant("")).Store(&none, &session)
	if err == nil {
		err = s.call(item, itemMethods+".GetSecret", session).Store(&secret)
	}
	return secret, err
}

// collection makes the choice that go-keyring makes: the collection "login",
// else the one that is the default.
func (s secretService) collection() (dbus.ObjectPath, error) {
	var all []dbus.ObjectPath
	if err := s.property(secretsPath, secretsInterface, "Collections", &all); err != nil {
		return "", err
	}
	if slices.Contains(all, collectionPath+"login") {
		return collectionPath + "login", nil
	}
	var path dbus.ObjectPath
	if err := s.call(secretsPath, secretsInterface+".ReadAlias", "default").Store(&path); err != nil {
		return "", withState(err)
	}
	if path == "/" {
		return "", NoCollection
	}
	return path, nil
}

// unlock makes sure that path is unlocked where that needs no prompt: KWallet
// calls a wallet locked that was opened at login, until somebody asks.
func (s secretService) unlock(path dbus.ObjectPath, kind string) error {
	var locked bool
	if err := s.property(path, kind, "Locked", &locked); err != nil {
		return err
	}
	if !locked {
		return nil
	}
	var unlocked []dbus.ObjectPath
	var prompt dbus.ObjectPath
	err := s.call(secretsPath, secretsInterface+".Unlock", []dbus.ObjectPath{path}).Store(&unlocked, &prompt)
	if err != nil {
		return withState(err)
	}
	if !slices.Contains(unlocked, path) {
		return Locked
	}
	return nil
}

func (s secretService) property(path dbus.ObjectPath, of, name string, value any) error {
	var variant dbus.Variant
	if err := s.call(path, "org.freedesktop.DBus.Properties.Get", of, name).Store(&variant); err != nil {
		return withState(err)
	}
	if err := variant.Store(value); err != nil {
		return withState(err)
	}
	return nil
}

func (s secretService) call(path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	return s.conn.Object(secretsName, path).CallWithContext(s.ctx, method, 0, args...)
}
