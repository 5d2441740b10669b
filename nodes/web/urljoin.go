package web

import (
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"casare/value"
)

// The schemes whose addresses can be relative, have a host, and have parameters behind a semicolon: as Python's urllib.parse has them.
var (
	usesRelative = []string{
		"", "ftp", "http", "gopher", "nntp", "imap", "wais", "file", "https", "shttp", "mms", "prospero", "rtsp", "rtsps", "rtspu", "sftp",
		"svn", "svn+ssh", "ws", "wss",
	}
	usesNetloc = append([]string{"telnet", "snews", "rsync", "nfs", "git", "git+ssh"}, usesRelative...)
	usesParams = []string{
		"", "ftp", "hdl", "prospero", "http", "imap", "https", "shttp", "rtsp", "rtsps", "rtspu", "sip", "sips", "mms", "sftp", "tel",
	}
)

// address is a URL taken apart.
type address struct{ scheme, netloc, path, params, query, fragment string }

// join is Python's urljoin.
func join(base, url string) (string, error) {
	if base == "" {
		return url, nil
	}
	if url == "" {
		return base, nil
	}
	b, err := parse(base, "")
	if err != nil {
		return "", err
	}
	u, err := parse(url, b.scheme)
	if err != nil {
		return "", err
	}
	if u.scheme != b.scheme || !slices.Contains(usesRelative, u.scheme) {
		return url, nil
	}
	if slices.Contains(usesNetloc, u.scheme) {
		if u.netloc != "" {
			return u.String(), nil
		}
		u.netloc = b.netloc
	}
	if u.path == "" && u.params == "" {
		u.path, u.params = b.path, b.params
		if u.query == "" {
			u.query = b.query
		}
		return u.String(), nil
	}
	u.path = resolve(b.path, u.path)
	return u.String(), nil
}

// resolve finds a path from another one.
func resolve(base, path string) string {
	segments := strings.Split(path, "/")
	if !strings.HasPrefix(path, "/") {
		from := strings.Split(base, "/")
		if from[len(from)-1] != "" {
			from = from[:len(from)-1]
		}
		all := slices.Concat(from, segments)
		segments = all[:1:1]
		for i := 1; i < len(all); i++ {
			if all[i] != "" || i == len(all)-1 {
				segments = append(segments, all[i])
			}
		}
	}
	var out []string
	for _, s := range segments {
		switch s {
		case "..":
			out = out[:max(0, len(out)-1)]
		case ".":
		default:
			out = append(out, s)
		}
	}
	if last := segments[len(segments)-1]; last == "." || last == ".." {
		out = append(out, "")
	}
	if joined := strings.Join(out, "/"); joined != "" {
		return joined
	}
	return "/"
}

// parse is Python's urlparse.
func parse(url, scheme string) (address, error) {
	url = strings.TrimLeftFunc(url, func(r rune) bool { return r <= ' ' })
	url = strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(url)
	a := address{scheme: scheme}
	if i := strings.IndexByte(url, ':'); i > 0 && isScheme(url[:i]) {
		a.scheme, url = strings.ToLower(url[:i]), url[i+1:]
	}
	if rest, ok := strings.CutPrefix(url, "//"); ok {
		end := strings.IndexAny(rest, "/?#")
		if end < 0 {
			end = len(rest)
		}
		a.netloc, url = rest[:end], rest[end:]
		if err := checkHost(a.netloc); err != nil {
			return address{}, err
		}
	}
	url, a.fragment, _ = strings.Cut(url, "#")
	a.path, a.query, _ = strings.Cut(url, "?")
	if slices.Contains(usesParams, a.scheme) {
		last := strings.LastIndexByte(a.path, '/') + 1
		if i := strings.IndexByte(a.path[last:], ';'); i >= 0 {
			a.path, a.params = a.path[:last+i], a.path[last+i+1:]
		}
	}
	return a, nil
}

func isScheme(text string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return strings.IndexByte(letters, text[0]) >= 0 && strings.Trim(text, letters+"0123456789+-.") == ""
}

// checkHost refuses brackets that hold no IPv6 address, and letters that a resolver would take for signs.
func checkHost(netloc string) error {
	opened, closed := strings.Contains(netloc, "["), strings.Contains(netloc, "]")
	if opened != closed {
		return value.Faultf(value.ValueError, "Invalid IPv6 URL")
	}
	if opened {
		_, host, _ := strings.Cut(netloc, "[")
		host, _, _ = strings.Cut(host, "]")
		if err := checkBracketed(host); err != nil {
			return err
		}
	}
	plain := strings.NewReplacer("@", "", ":", "", "#", "", "?", "").Replace(netloc)
	if same := norm.NFKC.String(plain); same != plain && strings.ContainsAny(same, "/?#@:") {
		return value.Faultf(value.ValueError, "netloc '%s' contains invalid characters under NFKC normalization", netloc)
	}
	return nil
}

func checkBracketed(host string) error {
	if strings.HasPrefix(host, "v") {
		version, rest, found := strings.Cut(host[1:], ".")
		if !found || version == "" || strings.Trim(version, "0123456789abcdefABCDEF") != "" || rest == "" {
			return value.Faultf(value.ValueError, "IPvFuture address is invalid")
		}
		return nil
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return value.Faultf(value.ValueError, "%s does not appear to be an IPv4 or IPv6 address", value.Repr(host))
	case ip.Is4():
		return value.Faultf(value.ValueError, "An IPv4 address cannot be in brackets")
	}
	return nil
}

// String is Python's urlunparse.
func (a address) String() string {
	url := a.path
	if a.params != "" {
		url += ";" + a.params
	}
	if a.netloc != "" || a.scheme != "" && slices.Contains(usesNetloc, a.scheme) && !strings.HasPrefix(url, "//") {
		if url != "" && url[0] != '/' {
			url = "/" + url
		}
		url = "//" + a.netloc + url
	}
	if a.scheme != "" {
		url = a.scheme + ":" + url
	}
	if a.query != "" {
		url += "?" + a.query
	}
	if a.fragment != "" {
		url += "#" + a.fragment
	}
	return url
}
