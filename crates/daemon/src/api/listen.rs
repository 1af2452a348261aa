//! Where the daemon may listen: everywhere with a token, on this machine alone without.

use std::net::SocketAddr;

/// An address that would let anybody in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "--listen {0} needs --token-file: anybody on the network could read and control this daemon; \
     write a token with `openssl rand -hex 32 > token` and add `--token-file token`, or listen on 127.0.0.1"
)]
pub struct ListenError(pub SocketAddr);

/// Whether to listen there.
///
/// # Errors
/// [`ListenError`] for an address that others can reach, without a token.
///
/// ```
/// use daemon::api::check_listen;
/// assert!(check_listen("127.0.0.1:8080".parse()?, false).is_ok());
/// let error = check_listen("0.0.0.0:8080".parse()?, false).unwrap_err();
/// assert!(error.to_string().starts_with("--listen 0.0.0.0:8080 needs --token-file: "));
/// assert!(check_listen("0.0.0.0:8080".parse()?, true).is_ok());
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
pub fn check_listen(listen: SocketAddr, has_token: bool) -> Result<(), ListenError> {
    // `to_canonical`: ::ffff:127.0.0.1 is loopback too.
    if has_token || listen.ip().to_canonical().is_loopback() {
        Ok(())
    } else {
        Err(ListenError(listen))
    }
}
