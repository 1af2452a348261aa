//! Who may ask: the `Host` a request is for, the page (`Origin`) it comes from, and the token it carries.
//!
//! The first two protect a daemon without a token from web pages in the user's own browser: a page may open any
//! WebSocket, and a name it controls may point at 127.0.0.1.

use super::ApiError;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, header};
use std::net::{IpAddr, SocketAddr};
use subtle::ConstantTimeEq;

/// How a browser's WebSocket carries the token.
const PROTOCOL_PREFIX: &str = "bearer.";
const MIN_TOKEN_BYTES: usize = 16;

/// A secret that every request has to carry.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// A token that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Too easy to guess.
    #[error(
        "the token has {0} characters and needs at least {MIN_TOKEN_BYTES}: make one with `openssl rand -hex 32`"
    )]
    Short(usize),
    /// It could not travel in `Sec-WebSocket-Protocol`.
    #[error(
        "the token may hold letters, digits, `-`, `.`, `_` and `~` only: make one with `openssl rand -hex 32`"
    )]
    Character,
}

impl Token {
    /// The token in a text, such as the content of a token file; white space around it does not count.
    ///
    /// # Errors
    /// [`TokenError`] with what to do.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        let token = text.trim();
        if !token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)) {
            return Err(TokenError::Character);
        }
        if token.len() < MIN_TOKEN_BYTES {
            return Err(TokenError::Short(token.len()));
        }
        Ok(Self(token.to_owned()))
    }

    /// The token, to be sent to a daemon.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// Compares in a time that does not tell how much of it was right.
    fn is(&self, other: &str) -> bool {
        self.0.as_bytes().ct_eq(other.as_bytes()).into()
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Who may ask.
#[derive(Debug, Clone)]
pub struct Access {
    listen: IpAddr,
    allowed_hosts: Vec<String>,
    token: Option<Token>,
}

impl Access {
    /// Access for a daemon that listens at `listen`. `allowed_hosts` are names it is also known by, such as
    /// `rig.local`; without port.
    pub fn new(listen: SocketAddr, allowed_hosts: Vec<String>, token: Option<Token>) -> Self {
        Self { listen: listen.ip().to_canonical(), allowed_hosts, token }
    }

    /// Whether a request with these headers may go on. `open` is for files that anybody may read: the page has to load
    /// before it can ask for the token.
    pub(super) fn check(&self, headers: &HeaderMap, open: bool) -> Result<(), ApiError> {
        let host = self.check_host(headers)?;
        check_origin(headers, &host)?;
        match &self.token {
            Some(token) if !open => check_token(headers, token),
            _ => Ok(()),
        }
    }

    fn check_host(&self, headers: &HeaderMap) -> Result<Authority, ApiError> {
        let text = only(headers, &header::HOST).ok_or_else(|| {
            ApiError::HostRefused("the request needs one `Host` header".to_owned())
        })?;
        let host = authority(text).filter(|host| self.knows(host.host()));
        host.ok_or_else(|| {
            let text: String = text.chars().take(100).collect();
            ApiError::HostRefused(format!(
                "this daemon is not `{text}`: use its address or localhost, or start it with `--host-name` and this name"
            ))
        })
    }

    fn knows(&self, host: &str) -> bool {
        if host.eq_ignore_ascii_case("localhost")
            || self.allowed_hosts.iter().any(|a| a.eq_ignore_ascii_case(host))
        {
            return true;
        }
        let Ok(ip) = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() else {
            return false;
        };
        let ip = ip.to_canonical();
        // Listening everywhere means any address of this machine; an address, unlike a name, cannot be pointed here.
        ip.is_loopback() || ip == self.listen || self.listen.is_unspecified()
    }
}

/// The one value of a header as text; `None` for none or several.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(first)
}

fn authority(text: &str) -> Option<Authority> {
    text.parse::<Authority>().ok().filter(|authority| !authority.as_str().contains('@'))
}

fn check_origin(headers: &HeaderMap, host: &Authority) -> Result<(), ApiError> {
    if !headers.contains_key(header::ORIGIN) {
        return Ok(());
    }
    let same = only(headers, &header::ORIGIN).is_some_and(|origin| {
        let Some((scheme, rest)) = origin.split_once("://") else { return false };
        let default_port = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return false,
        };
        let port = |authority: &Authority| authority.port_u16().unwrap_or(default_port);
        authority(rest).is_some_and(|from| {
            from.host().eq_ignore_ascii_case(host.host()) && port(&from) == port(host)
        })
    });
    if same {
        return Ok(());
    }
    Err(ApiError::OriginRefused("a page of another origin may not talk to this daemon".to_owned()))
}

fn check_token(headers: &HeaderMap, token: &Token) -> Result<(), ApiError> {
    let header = only(headers, &header::AUTHORIZATION).and_then(|value| {
        let (scheme, rest) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| rest.trim())
    });
    let given = header.or_else(|| protocols(headers).find_map(|p| p.strip_prefix(PROTOCOL_PREFIX)));
    match given {
        None => Err(ApiError::NoToken),
        Some(given) if token.is(given) => Ok(()),
        Some(_) => Err(ApiError::WrongToken),
    }
}

fn protocols(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

/// The protocol to answer a WebSocket handshake with: the first one offered that is not the token.
pub(crate) fn first_protocol(headers: &HeaderMap) -> Option<String> {
    protocols(headers).find(|p| !p.is_empty() && !p.starts_with(PROTOCOL_PREFIX)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    const SECRET: &str = "0123456789abcdef";

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    fn access(listen: &str, token: Option<&str>) -> Access {
        let token = token.map(|t| Token::new(t).unwrap());
        Access::new(listen.parse().unwrap(), vec!["rig.local".to_owned()], token)
    }

    #[test]
    fn hosts() {
        let allowed = |listen: &str, host: &str| {
            access(listen, None).check(&headers(&[(header::HOST, host)]), false).is_ok()
        };
        for host in [
            "127.0.0.1:8080",
            "localhost",
            "LOCALHOST:9",
            "[::1]:8080",
            "127.0.0.2",
            "rig.local:80",
            "Rig.Local",
        ] {
            assert!(allowed("127.0.0.1:8080", host), "{host}");
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil",
            "10.0.0.5",
            "user@localhost",
            "",
            "[::2]",
            "a b",
        ] {
            assert!(!allowed("127.0.0.1:8080", host), "{host}");
        }
        assert!(allowed("10.0.0.5:80", "10.0.0.5:80") && !allowed("10.0.0.5:80", "10.0.0.6"));
        assert!(allowed("0.0.0.0:80", "10.0.0.6") && !allowed("0.0.0.0:80", "evil.example"));
        assert!(allowed("[::]:80", "[fe80::1]:80"));
        let access = access("127.0.0.1:8080", None);
        assert!(access.check(&HeaderMap::new(), false).is_err());
        assert!(
            access
                .check(&headers(&[(header::HOST, "localhost"), (header::HOST, "localhost")]), false)
                .is_err()
        );
    }

    #[test]
    fn origins() {
        let access = access("127.0.0.1:8080", None);
        let allowed = |host: &str, origin: &str| {
            access.check(&headers(&[(header::HOST, host), (header::ORIGIN, origin)]), false).is_ok()
        };
        assert!(allowed("localhost:8080", "http://localhost:8080"));
        assert!(allowed("rig.local", "https://RIG.local:443"));
        assert!(allowed("[::1]:8080", "http://[::1]:8080"));
        for origin in [
            "http://localhost:9",
            "http://evil.example",
            "null",
            "http://127.0.0.1:8080",
            "file://",
            "localhost:8080",
            "",
        ] {
            assert!(!allowed("localhost:8080", origin), "{origin}");
        }
    }

    #[test]
    fn tokens() {
        let access = access("0.0.0.0:80", Some(SECRET));
        let check = |name: HeaderName, value: &str| {
            access.check(&headers(&[(header::HOST, "localhost"), (name, value)]), false)
        };
        assert_eq!(check(header::AUTHORIZATION, "Bearer 0123456789abcdef"), Ok(()));
        assert_eq!(check(header::AUTHORIZATION, "bearer  0123456789abcdef"), Ok(()));
        assert_eq!(check(header::SEC_WEBSOCKET_PROTOCOL, "eegd, bearer.0123456789abcdef"), Ok(()));
        for wrong in [
            "Bearer 0123456789abcdeF",
            "Bearer 0123456789abcdef0",
            "Bearer 0123456789abcde",
            "Bearer ",
        ] {
            assert_eq!(check(header::AUTHORIZATION, wrong), Err(ApiError::WrongToken), "{wrong}");
        }
        for none in ["0123456789abcdef", "Basic 0123456789abcdef"] {
            assert_eq!(check(header::AUTHORIZATION, none), Err(ApiError::NoToken), "{none}");
        }
        assert_eq!(access.check(&headers(&[(header::HOST, "localhost")]), true), Ok(()));
        assert_eq!(format!("{access:?}").find(SECRET), None);
    }

    #[test]
    fn a_token_is_long_and_can_travel_in_a_protocol() {
        assert_eq!(Token::new(" 0123456789abcdef\n"), Ok(Token(SECRET.to_owned())));
        assert_eq!(Token::new("short"), Err(TokenError::Short(5)));
        assert_eq!(Token::new(""), Err(TokenError::Short(0)));
        assert_eq!(Token::new("0123456789abcdef=="), Err(TokenError::Character));
    }

    #[test]
    fn the_token_is_never_the_answered_protocol() {
        let offered =
            |value: &str| first_protocol(&headers(&[(header::SEC_WEBSOCKET_PROTOCOL, value)]));
        assert_eq!(offered("eegd, bearer.x, other").as_deref(), Some("eegd"));
        assert_eq!(offered("bearer.x, eegd").as_deref(), Some("eegd"));
        assert_eq!(offered("bearer.x"), None);
    }
}
