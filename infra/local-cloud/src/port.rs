//! The ports of the emulator and of the pages.

use std::io::{Error, ErrorKind};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use anyhow::{Context, Result, bail};

/// The port that tools for local AWS expect.
const DEFAULT: u16 = 4566;

/// A port of this machine, reserved until dropped.
#[derive(Debug)]
pub(crate) struct Port {
    pub(crate) number: u16,
    listener: TcpListener,
}

impl Port {
    /// Reserves the port `wanted`, or a free one if it is 0 or missing. `usual` prefers 4566 if none is wanted.
    pub(crate) fn reserve(wanted: Option<u16>, usual: bool) -> Result<Self> {
        match wanted {
            None if usual => Self::bind(DEFAULT)
                .or_else(|_| Self::bind(0))
                .context("no port is free"),
            None | Some(0) => Self::bind(0).context("no port is free"),
            Some(port) => match Self::bind(port) {
                Ok(reserved) => Ok(reserved),
                Err(error) => bail!("{}", explain(port, &error)),
            },
        }
    }

    /// Reserves the port after `port`, or a free one if that is in use.
    pub(crate) fn after(port: u16) -> Result<Self> {
        let next = port.checked_add(1).unwrap_or_default();
        Self::bind(next).or_else(|_| Self::bind(0)).context("no port is free")
    }

    /// The listener that reserves the port.
    pub(crate) fn into_listener(self) -> TcpListener {
        self.listener
    }

    fn bind(port: u16) -> std::io::Result<Self> {
        // Some systems allow binding an address while another process listens on all addresses, so connect too.
        if port != 0 && TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Err(ErrorKind::AddrInUse.into());
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        Ok(Self {
            number: listener.local_addr()?.port(),
            listener,
        })
    }
}

fn explain(port: u16, error: &Error) -> String {
    let reason = match error.kind() {
        ErrorKind::AddrInUse => format!("port {port} is in use"),
        ErrorKind::PermissionDenied => format!("port {port} is reserved for the system (usually all below 1024 are)"),
        _ => format!("cannot listen on port {port}: {error}"),
    };
    format!("{reason}; use another one, or `--port 0` for a free one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_0_is_a_free_port() {
        let port = Port::reserve(Some(0), true).unwrap().number;
        assert!(port != 0 && port != DEFAULT, "{port}");
        assert_eq!(Port::reserve(Some(port), true).unwrap().number, port, "it is free");
    }

    #[test]
    fn a_port_that_cannot_be_used_is_reported_with_the_fix() {
        let taken = Port::reserve(None, false).unwrap();
        let error = Port::reserve(Some(taken.number), true).unwrap_err().to_string();
        assert!(error.contains(&format!("port {} is in use", taken.number)), "{error}");
        assert!(error.contains("--port 0"), "{error}");
        let error = explain(80, &ErrorKind::PermissionDenied.into());
        assert!(
            error.contains("port 80 is reserved for the system") && error.contains("--port 0"),
            "{error}"
        );
    }

    #[test]
    fn two_clouds_reserve_different_ports() {
        let (one, other) = (Port::reserve(None, true).unwrap(), Port::reserve(None, true).unwrap());
        assert_ne!(one.number, other.number);
    }
}
