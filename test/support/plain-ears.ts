/** Connections with a relay for Node, whose packets are neither sealed nor played: they are what somebody says they are. */

import { type HeadlessConnection, headlessAudience } from '../../node/headless/audience-connections.ts'
import type { AudibleConnection, AudienceConnections } from '../../node/ports/audience.ts'
import { bad } from '../../protocol/result.ts'

/** Milliseconds of sound in a packet. */
export const PACKET_MS = 20
/** RFC 6464: somebody speaks. */
const LOUD = 20
/** A slot in which nothing came for so long is silent. Milliseconds. */
const SILENT = 200

export interface PlainConnection extends AudibleConnection {
  /** Sends one packet of our voice. */
  say(payload: Uint8Array): void
}

/**
 * @param heard hears each packet that comes
 * @param isOpen whether there is a road to where a relay's answer leads, as far as firewalls go
 */
export function plainEars(
  bind: string,
  heard: (payload: Uint8Array, over: PlainConnection) => void = () => {},
  isOpen: (answer: string) => boolean = () => true,
): AudienceConnections<PlainConnection> {
  return {
    open(speaks, listener) {
      const lastAt: number[] = []
      const onPacket = ({ slot, payload }: { slot: number; payload: Uint8Array }) => {
        lastAt[slot] = performance.now()
        heard(payload, plain)
      }
      const real = headlessAudience({ bind, onPacket }).open(speaks, listener)
      const plain = plainOver(real, lastAt, isOpen)
      return plain
    },
  }
}

function plainOver(
  real: HeadlessConnection,
  lastAt: readonly number[],
  isOpen: (answer: string) => boolean,
): PlainConnection {
  return {
    get state() {
      return real.state
    },
    slots: [],
    offer: () => real.offer(),
    accept: async (answer) => (isOpen(answer) ? real.accept(answer) : bad('wrong-description')),
    setPacketTime: (milliseconds) => real.setPacketTime(milliseconds),
    remoteFingerprint: () => real.remoteFingerprint(),
    close: () => real.close(),
    send: async () => {},
    traffic: async () => ({ roundTrip: undefined, jitter: undefined, received: 0, lost: 0 }),
    levels: () => [...lastAt].map((at = 0) => (performance.now() - at < SILENT ? 1 : 0)),
    say: (payload) => real.send(payload, PACKET_MS, LOUD),
  }
}
