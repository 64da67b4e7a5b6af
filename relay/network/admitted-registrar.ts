import type { GossipSubComponents } from '@chainsafe/libp2p-gossipsub'
import type { PeerId, StreamHandler, StreamHandlerOptions, Topology } from '@libp2p/interface'
import type { PeerIdString } from '../../node/network/network.ts'
import type { Admissions } from './admissions.ts'

type Registrar = GossipSubComponents['registrar']

/**
 * A registrar through which a service meets admitted peers only: their connections are told to it, and their streams
 * handed to it, when they are admitted. Data that arrives meanwhile waits in the stream, within the stream's bounds.
 *
 * It is there for gossip, which would otherwise send what it carries to anybody who connects.
 */
export function admittedRegistrar(registrar: Registrar, admissions: Admissions): Registrar {
  const isAdmitted = (peer: PeerId) => admissions.decision(peer.toString() as PeerIdString)
  const gated: Pick<Registrar, 'handle' | 'register'> = {
    handle: (protocol: string, handler: StreamHandler, options?: StreamHandlerOptions) =>
      registrar.handle(
        protocol,
        async (stream, connection) => {
          if (await isAdmitted(connection.remotePeer)) await handler(stream, connection)
          else stream.abort(new Error('the peer was not admitted'))
        },
        options,
      ),
    register: (protocol: string, topology: Topology) =>
      registrar.register(protocol, {
        ...topology,
        // Not waited for: the registrar tells all services of a connection one after the other.
        onConnect: (peer, connection) => {
          void isAdmitted(peer).then((admitted) => admitted && topology.onConnect?.(peer, connection))
        },
      }),
  }
  // All other methods are the registrar's own, with its state.
  return Object.assign(Object.create(registrar) as Registrar, gated)
}
