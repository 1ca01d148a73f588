package exec

import "strings"

// steering are the variables that make the loader, a shell, an interpreter or
// git run other code than the user asked for, or find the user's files
// elsewhere. A value lent under such a name would do so by accident or by
// somebody's plan. A star stands for any end; names are compared in upper case.
var steering = []string{
	"PATH", "HOME", "SHELL", "SECRETS_*",
	"LD_*", "DYLD_*", "GCONV_PATH", "GLIBC_TUNABLES",
	"IFS", "ENV", "BASH_ENV", "BASHOPTS", "SHELLOPTS", "PS0", "PS1", "PS2", "PS4", "PROMPT_COMMAND", "ZDOTDIR", "CDPATH",
	"EDITOR", "VISUAL", "PAGER", "MANPAGER", "BROWSER", "LESSOPEN", "LESSCLOSE", "LESSKEY*",
	"NODE_OPTIONS", "NODE_PATH",
	"PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONBREAKPOINT", "PYTHONUSERBASE",
	"PERL5OPT", "PERL5LIB", "PERL5DB", "PERLLIB", "RUBYOPT", "RUBYLIB", "GEM_HOME", "GEM_PATH", "LUA_INIT*", "LUA_PATH*", "LUA_CPATH*",
	"JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH", "PHPRC", "PHP_INI_SCAN_DIR", "GOFLAGS", "RUSTC_WRAPPER",
	"GIT_SSH", "GIT_SSH_COMMAND", "GIT_ASKPASS", "GIT_EDITOR", "GIT_SEQUENCE_EDITOR", "GIT_PAGER", "GIT_EXTERNAL_DIFF",
	"GIT_PROXY_COMMAND", "GIT_EXEC_PATH", "GIT_TEMPLATE_DIR", "GIT_CONFIG*", "GIT_DIR", "GIT_WORK_TREE",
	"SSH_ASKPASS", "SUDO_ASKPASS", "SSH_AUTH_SOCK", "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY",
	"OPENSSL_CONF", "OPENSSL_MODULES", "COMSPEC", "PATHEXT", "SYSTEMROOT", "WINDIR",
}

// CheckName says whether a value can be lent under the name; the error is a
// NameError. Names are those of POSIX shells: dash drops all others.
func CheckName(name string) error {
	if !isName(name) {
		return &NameError{Name: name}
	}
	upper := strings.ToUpper(name)
	for _, pattern := range steering {
		start, open := strings.CutSuffix(pattern, "*")
		if upper == pattern || open && strings.HasPrefix(upper, start) {
			return &NameError{Name: name, Steers: true}
		}
	}
	return nil
}

func isName(name string) bool {
	for i, c := range []byte(name) {
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', c == '_':
		case '0' <= c && c <= '9' && i > 0:
		default:
			return false
		}
	}
	return name != ""
}
