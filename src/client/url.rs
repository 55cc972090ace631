//! The rules by which an application names its server.

use crate::text::split_before;

/// Why a URL was refused: what was expected instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UrlError(pub &'static str);

/// Turns what the application wrote into the URL to dial, as `@deepstream/client` does.
///
/// `host`, `host:port` and `//host` mean `ws://`; `ws://` and `wss://` stay. Without a path, `default_path` is used;
/// a path and a query are kept as they are.
///
/// # Errors
/// `http://`, `https://` and any other scheme, a missing host, a fragment, and white space or control characters.
pub fn parse_url(url: &str, default_path: &str) -> Result<String, UrlError> {
    if url.is_empty() {
        return Err(UrlError("a host such as 'localhost:6020' or a ws:// or wss:// URL"));
    }
    if url.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
        return Err(UrlError("a URL without white space or control characters"));
    }
    if !split_before(url, b"#").1.is_empty() {
        return Err(UrlError("a URL without a fragment ('#')"));
    }
    let (scheme, rest) = split_before(url, b":/?");
    let is_scheme = |known: &&&str| scheme.eq_ignore_ascii_case(known);
    let known = ["ws", "wss", "http", "https"].iter().find(is_scheme);
    let (scheme, rest) = match (known, rest.strip_prefix("://")) {
        (Some(scheme @ (&"ws" | &"wss")), Some(rest)) => (*scheme, rest),
        // Anything else with a colon is `host:port`.
        (None, None) => ("ws", url.strip_prefix("//").unwrap_or(url)),
        (Some(_), None) if !rest.starts_with(':') => ("ws", url),
        _ => return Err(UrlError("ws:// or wss:// (only ws and wss are supported)")),
    };
    let (host, path_and_query) = split_before(rest, b"/?");
    if host.is_empty() || host.starts_with(':') || host.ends_with('@') {
        return Err(UrlError("a URL with a host"));
    }
    let (path, query) = match path_and_query {
        "" | "/" => (default_path, ""),
        query if query.starts_with('?') => (default_path, query),
        path => (path, ""),
    };
    Ok([scheme, "://", host, path, query].concat())
}

/// A URL that [`parse_url`] has made, as it may be shown or kept: the query and the user info may be secret.
pub fn without_secrets(url: &str) -> String {
    let (scheme, rest) = split_before(url, b"/");
    let (address, _) = split_before(rest.strip_prefix("//").unwrap_or(rest), b"?");
    let (mut host, path) = split_before(address, b"/");
    while let Some(behind) = split_before(host, b"@").1.strip_prefix('@') {
        host = behind;
    }
    [scheme, "//", host, path].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_parses(url: &str, expected: &str) {
        assert_eq!(parse_url(url, "/deepstream").as_deref(), Ok(expected), "{url}");
    }

    #[test]
    fn follows_the_rules_of_the_reference_client() {
        assert_parses("localhost:6020", "ws://localhost:6020/deepstream");
        assert_parses("localhost", "ws://localhost/deepstream");
        assert_parses("//host:1234", "ws://host:1234/deepstream");
        assert_parses("ws://host:1234", "ws://host:1234/deepstream");
        assert_parses("wss://host", "wss://host/deepstream");
        assert_parses("WSS://host", "wss://host/deepstream");
        assert_parses("ws://host/", "ws://host/deepstream");
        assert_parses("host/custom", "ws://host/custom");
        assert_parses("host?token=1", "ws://host/deepstream?token=1");
        assert_parses("host/custom?token=1&b=2", "ws://host/custom?token=1&b=2");
        assert_parses("[::1]:6020", "ws://[::1]:6020/deepstream");
    }

    #[test]
    fn keeps_what_the_reference_client_damages() {
        assert_parses("host/a/b/c", "ws://host/a/b/c");
        assert_parses("host?next=a?b", "ws://host/deepstream?next=a?b");
        assert_parses("host/p?return=http://elsewhere/", "ws://host/p?return=http://elsewhere/");
        assert_parses("host?return=http://elsewhere", "ws://host/deepstream?return=http://elsewhere");
    }

    #[test]
    fn what_may_be_a_secret_is_not_part_of_a_key() {
        for (url, expected) in [
            ("ws://host/deepstream", "ws://host/deepstream"),
            ("ws://host/deepstream?token=a@b/c?d", "ws://host/deepstream"),
            ("wss://ada:p@ss@host:6020/a@b?token=1", "wss://host:6020/a@b"),
            ("ws://host?token", "ws://host"),
        ] {
            assert_eq!(without_secrets(url), expected);
        }
    }

    #[test]
    fn refuses_what_cannot_be_dialled() {
        for url in [
            "",
            "http://host",
            "https://host",
            "HTTP://host",
            "ftp://host",
            "ws://",
            "wss://",
            "//",
            "ws:host//",
            "ws:6020",
            "https:host",
            "/path",
            "?query",
            ":6020",
            "ws://:6020",
            "ws:///path",
            "ho st",
            "host\n",
            "host#fragment",
        ] {
            assert!(parse_url(url, "/deepstream").is_err(), "{url:?} should be refused");
        }
    }
}
