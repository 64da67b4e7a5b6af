/** What the relay is to our copy: it has as much, or less, as a log has whose disk was set back. Nothing of ours is dropped for that. */
export type LogStanding = 'current' | 'behind'
