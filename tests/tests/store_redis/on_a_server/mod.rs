mod access;
mod cluster;
mod conformance;
mod expiry;
mod foreign_values;
mod outages;
mod round_trips;
mod survival;
