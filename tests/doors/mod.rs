//! The doors by which messages come in of themselves: pushed by a platform, written into the bureau's own form.

mod closed;
mod form;
mod killed;
mod lookup;
mod push;
mod sender;
mod writer;
