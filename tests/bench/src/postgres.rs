//! A temporary PostgreSQL server in memory, on a socket in its folder.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

/// Debian's user `nobody`: the server refuses to run as root.
const NOBODY: u32 = 65_534;
const STARTS_WITHIN: Duration = Duration::from_secs(30);
/// The SQLSTATE of a server that is still starting (`cannot_connect_now`).
const STARTING: &str = "57P03";
const BETWEEN_TRIES: Duration = Duration::from_millis(20);
const USER: &str = "bench";
const SOCKET: &str = ".s.PGSQL.5432";

/// The server. Dropping it stops the server and removes its folder.
#[derive(Debug)]
pub struct Postgres {
    child: Child,
    folder: PathBuf,
}

impl Postgres {
    /// Starts a server that keeps everything in memory, as the DynamoDB engine does: its files are in `/dev/shm` and
    /// nothing waits for a disk, which is its fastest configuration.
    ///
    /// # Errors
    /// If PostgreSQL is not installed or does not start.
    pub fn start() -> Result<Self> {
        let programs = programs()?;
        let memory = Some(PathBuf::from("/dev/shm")).filter(|folder| folder.is_dir());
        let folder = memory
            .unwrap_or_else(env::temp_dir)
            .join(format!("madang-postgres-{}", std::process::id()));
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let owner = fs::metadata(&folder)?.uid();
        if owner == 0 {
            chown(&folder, Some(NOBODY), Some(NOBODY)).context("cannot change the owner of the server's folder")?;
        }
        let command = |name: &str| {
            let mut command = Command::new(programs.join(name));
            command.current_dir(&folder).stdin(Stdio::null());
            if owner == 0 {
                command.uid(NOBODY).gid(NOBODY);
            }
            command
        };
        let data = folder.join("data");
        let mut init = command("initdb");
        init.args([
            "--auth=trust",
            "--no-sync",
            "--no-locale",
            "--encoding=UTF8",
            "--username",
            USER,
            "-D",
        ]);
        let made = init.arg(&data).output().context("cannot start initdb")?;
        ensure!(
            made.status.success(),
            "initdb failed: {}",
            String::from_utf8_lossy(&made.stderr)
        );

        let log = fs::File::create(folder.join("log"))?;
        let mut server = command("postgres");
        server
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(&folder)
            .args(["-c", "listen_addresses="]);
        for setting in [
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            "max_connections=200",
        ] {
            server.args(["-c", setting]);
        }
        let child = server
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot start postgres")?;
        let mut server = Self { child, folder };
        server.wait()?;
        Ok(server)
    }

    /// Opens a connection. A server that is still starting refuses it, so this tries again.
    ///
    /// # Errors
    /// If the server refuses it.
    pub async fn connect(&self) -> Result<Connection> {
        let deadline = Instant::now() + STARTS_WITHIN;
        loop {
            match self.try_connect().await {
                Err(error) if error.to_string().contains(STARTING) && Instant::now() < deadline => {
                    tokio::time::sleep(BETWEEN_TRIES).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn try_connect(&self) -> Result<Connection> {
        let stream = UnixStream::connect(self.folder.join(SOCKET)).await;
        let mut connection = Connection(BufReader::new(stream.context("the server refuses the connection")?));
        // StartupMessage, protocol 3.0.
        let mut start = 196_608_i32.to_be_bytes().to_vec();
        for word in ["user", USER, "database", "postgres", ""] {
            start.extend(word.bytes().chain([0]));
        }
        let length = i32::try_from(start.len() + 4)?;
        connection
            .0
            .write_all(&[&length.to_be_bytes()[..], &start].concat())
            .await?;
        connection.answer().await?;
        Ok(connection)
    }

    /// Waits for the socket that the server creates once it serves.
    fn wait(&mut self) -> Result<()> {
        let deadline = Instant::now() + STARTS_WITHIN;
        while !self.folder.join(SOCKET).exists() {
            let has_ended = self.child.try_wait()?.is_some();
            if has_ended || Instant::now() > deadline {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                bail!("postgres did not start:\n{log}");
            }
            thread::yield_now();
        }
        Ok(())
    }
}

/// A connection with the simple query protocol, which is all that a benchmark needs of a driver (PostgreSQL's
/// documentation, "Message Flow").
#[derive(Debug)]
pub struct Connection(BufReader<UnixStream>);

impl Connection {
    /// Runs `sql` and returns the first row as texts, if there is one.
    ///
    /// # Errors
    /// The server's error.
    pub async fn query(&mut self, sql: &str) -> Result<Option<Vec<String>>> {
        let length = i32::try_from(sql.len() + 5)?;
        let message = [b"Q", &length.to_be_bytes()[..], sql.as_bytes(), &[0]].concat();
        self.0.write_all(&message).await?;
        self.answer().await.with_context(|| sql.to_owned())
    }

    /// Reads until the server is ready for the next statement.
    async fn answer(&mut self) -> Result<Option<Vec<String>>> {
        let (mut row, mut failure) = (None, None);
        loop {
            let kind = match self.0.read_u8().await {
                // The server closes a connection that it refuses.
                Err(_) if failure.is_some() => break,
                kind => kind?,
            };
            let mut body = vec![0; usize::try_from(self.0.read_i32().await? - 4)?];
            self.0.read_exact(&mut body).await?;
            match kind {
                b'D' if row.is_none() => row = Some(columns(&body).context("invalid row")?),
                b'E' => failure = Some(String::from_utf8_lossy(&body).replace('\0', " ")),
                b'Z' => break,
                _ => {}
            }
        }
        match failure {
            Some(failure) => bail!("the server failed: {failure}"),
            None => Ok(row),
        }
    }
}

/// Parses the columns of a DataRow; NULL is an empty text.
fn columns(body: &[u8]) -> Option<Vec<String>> {
    let (count, mut rest) = body.split_first_chunk::<2>()?;
    let mut columns = vec![];
    for _ in 0..u16::from_be_bytes(*count) {
        let (length, behind) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(i32::from_be_bytes(*length)).unwrap_or(0);
        let (column, behind) = behind.split_at_checked(length)?;
        columns.push(String::from_utf8_lossy(column).into_owned());
        rest = behind;
    }
    Some(columns)
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Its data is temporary, so it need not shut down cleanly.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Returns the folder of the server's programs: in the path, or Debian's newest.
fn programs() -> Result<PathBuf> {
    let in_path = env::var_os("PATH").and_then(|path| env::split_paths(&path).find(|folder| has_server(folder)));
    let mut debian: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .filter(|folder| has_server(folder))
        .collect();
    debian.sort();
    let found = in_path.or_else(|| debian.pop());
    found.context(
        "PostgreSQL is required: install it (Debian, Ubuntu: `apt install postgresql`), or select the cases that do not \
         need it: `cargo bench -p bench --bench functions -- checkout`",
    )
}

fn has_server(folder: &Path) -> bool {
    folder.join("postgres").exists() && folder.join("initdb").exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_parsed_by_column_and_null_is_empty() {
        let row = [&[0, 2][..], &[0, 0, 0, 3], b"tea", &[0xff, 0xff, 0xff, 0xff]].concat();
        assert_eq!(columns(&row), Some(vec!["tea".to_owned(), String::new()]));
        assert_eq!(columns(&row[..7]), None);
    }
}
