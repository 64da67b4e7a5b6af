import type { Ports } from '../ports.ts'

/** What a peer needs of its machine that comes to its relay to do one thing. */
export type VisitPorts = Pick<Ports, 'clock' | 'random' | 'storage' | 'locks' | 'verifier' | 'report'>
