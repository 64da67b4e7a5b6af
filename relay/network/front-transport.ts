import {
  type ComponentLogger,
  type Connection,
  type CreateListenerOptions,
  type DialTransportOptions,
  type Listener,
  type ListenerEvents,
  type Transport,
  TypedEventEmitter,
  transportSymbol,
  type Upgrader,
} from '@libp2p/interface'
import { ipPortToMultiaddr } from '@libp2p/utils'
import { type WebSocketsComponents, webSockets } from '@libp2p/websockets'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { WebSockets, WebSocketsSecure } from '@multiformats/multiaddr-matcher'
import type { Front } from './front.ts'
import { SocketConnection } from './socket-connection.ts'

/** Lets libp2p listen on a front that is listening already. A relay dials other relays alone, whose fronts are WebSockets too. */
export function frontTransport(front: Front): (components: WebSocketsComponents) => Transport {
  return (components) => new FrontTransport(front, components)
}

class FrontTransport implements Transport {
  readonly [transportSymbol] = true
  readonly [Symbol.toStringTag] = '@palabre/front'
  readonly #front: Front
  readonly #logger: ComponentLogger
  readonly #dialler: Transport

  constructor(front: Front, components: WebSocketsComponents) {
    this.#front = front
    this.#logger = components.logger
    this.#dialler = webSockets()(components)
  }

  async dial(address: Multiaddr, options: DialTransportOptions): Promise<Connection> {
    return await this.#dialler.dial(address, options)
  }

  createListener({ upgrader }: CreateListenerOptions): Listener {
    return new FrontListener(this.#front, upgrader, this.#logger)
  }

  listenFilter(addresses: Multiaddr[]): Multiaddr[] {
    return addresses.filter(
      (address) => WebSockets.exactMatch(address) || WebSocketsSecure.exactMatch(address),
    )
  }

  dialFilter(addresses: Multiaddr[]): Multiaddr[] {
    return this.#dialler.dialFilter(addresses)
  }
}

class FrontListener extends TypedEventEmitter<ListenerEvents> implements Listener {
  readonly #front: Front
  readonly #upgrader: Upgrader
  readonly #logger: ComponentLogger
  readonly #closing = new AbortController()
  #address: Multiaddr | undefined

  constructor(front: Front, upgrader: Upgrader, logger: ComponentLogger) {
    super()
    this.#front = front
    this.#upgrader = upgrader
    this.#logger = logger
  }

  /** `address` is what the front listens on; it is repeated to whoever asks and otherwise unused. */
  async listen(address: Multiaddr): Promise<void> {
    this.#address = address
    const log = this.#logger.forComponent('palabre:front')
    this.#front.accept((socket, remote) => {
      const remoteAddress = ipPortToMultiaddr(remote.address, remote.port).encapsulate(multiaddr('/ws'))
      const connection = new SocketConnection(socket, remoteAddress, log.newScope('connection'))
      this.#upgrader
        .upgradeInbound(connection, { signal: this.#closing.signal })
        // Whoever connected is no libp2p peer, is one too many, or went away.
        .catch((error: unknown) =>
          connection.abort(error instanceof Error ? error : new Error('not upgraded', { cause: error })),
        )
    })
    this.safeDispatchEvent('listening')
  }

  getAddrs(): Multiaddr[] {
    return this.#address === undefined ? [] : [this.#address]
  }

  updateAnnounceAddrs(): void {}

  async close(): Promise<void> {
    this.#front.accept(undefined)
    this.#closing.abort(new Error('the relay is stopping'))
    this.#address = undefined
    this.safeDispatchEvent('close')
  }
}
