// Package play plays one case of a scenario in virtual time and says what came
// of it.
//
// [Play] builds the world of the case in a bubble of its own: a simulated
// network with a host for every party, an application on each host, scripted
// parties on the others. A driver then walks through the steps. Between two
// steps it waits until nothing moves any more at this instant; that, and the
// network's seed, make a run repeatable to the nanosecond. What the parties
// posted and what went over the wire is collected in logs, which package match
// judges.
//
// The result holds the verdict, the reasons, and the log of everything that
// happened, byte for byte the same for the same seed.
package play
