//! A mailbox as a source: each letter a message, known by its Message-ID, read without leaving a trace.

mod letter;
mod read;
mod room;
mod session;
#[cfg(test)]
mod tests;
mod wire;

pub use self::read::MailReading;
pub(crate) use self::read::letter_file;
pub use self::room::Mailroom;
