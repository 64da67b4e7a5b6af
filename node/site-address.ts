import { type CommunityId, type KeyText, parseId } from '../protocol/ids.ts'
import { MAX_OTHER_RELAYS } from '../protocol/limits.ts'
import { PeerError } from './errors.ts'
import type { PeerIdString } from './network/network.ts'
import type { Site } from './site.ts'

/** Where every relay tells strangers who it is (SPEC §9.8). */
const DOCUMENT = '/.well-known/palabre/relay.json'
/** A relay's answer is a few hundred bytes; whatever is longer is none. Characters. */
const LONGEST_DOCUMENT = 16_384

/** Asks the relay that serves an origin who it is. @throws PeerError `relay-unreachable`, or `internal` when the answer is none of ours */
export async function askSite(origin: URL, signal: AbortSignal): Promise<Site> {
  let text: string
  try {
    const response = await fetch(new URL(DOCUMENT, origin), { signal, cache: 'no-store' })
    if (!response.ok) throw new Error(`status ${response.status}`)
    text = await response.text()
  } catch (cause) {
    throw new PeerError('relay-unreachable', { cause })
  }
  const site = text.length <= LONGEST_DOCUMENT ? parseSite(origin, text) : undefined
  if (!site) throw new PeerError('internal', { cause: 'the site is not served by a relay of this version' })
  return site
}

/** Reads a relay's document; `undefined` when it is none. Without addresses of its own the relay is where its site is. */
export function parseSite(origin: URL, text: string): Site | undefined {
  const document = parseJson(text)
  if (document === undefined || document.version !== 1) return undefined
  const { peer, logKey, community, addresses, relays = [], ice } = document
  if (typeof peer !== 'string' || typeof logKey !== 'string') return undefined
  if (!isAddresses(addresses) || !isAddresses(relays)) return undefined
  if (!Array.isArray(ice) || !ice.every(isIceServer)) return undefined
  const key = parseId(logKey)
  const id = typeof community === 'string' ? parseId<CommunityId>(community) : undefined
  if (key === undefined || (community !== null && id === undefined)) return undefined
  const relay = peer as PeerIdString
  return {
    origin: origin.origin,
    relay,
    addresses: addresses.length > 0 ? addresses : [addressOf(origin, relay)],
    others: relays.slice(0, MAX_OTHER_RELAYS),
    logKey: key as string as KeyText,
    iceServers: ice,
    community: id,
  }
}

function isAddresses(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((address) => typeof address === 'string')
}

/** One server of `RTCConfiguration.iceServers`, as the relay's configuration lets through. */
function isIceServer(value: unknown): value is RTCIceServer {
  if (typeof value !== 'object' || value === null) return false
  const { urls, username, credential } = value as Record<string, unknown>
  const names = Array.isArray(urls) ? urls : [urls]
  return (
    names.length > 0 &&
    names.every((url) => typeof url === 'string' && /^(stun|turn)s?:/.test(url)) &&
    (username === undefined || typeof username === 'string') &&
    (credential === undefined || typeof credential === 'string')
  )
}

function parseJson(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    // The parser's only way to say that it is not JSON.
    return undefined
  }
}

/** The multiaddr of the WebSocket that a site's own server listens on. */
function addressOf(origin: URL, relay: PeerIdString): string {
  const secure = origin.protocol === 'https:'
  const port = origin.port || (secure ? '443' : '80')
  const host = origin.hostname
  const name = host.startsWith('[')
    ? `/ip6/${host.slice(1, -1)}`
    : /^\d+\.\d+\.\d+\.\d+$/.test(host)
      ? `/ip4/${host}`
      : `/dns/${host}`
  return `${name}/tcp/${port}/${secure ? 'tls/ws' : 'ws'}/p2p/${relay}`
}
