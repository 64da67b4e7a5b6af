/** Where text goes; a stream of the process, or a list in a test. */
export interface Sink {
  write(text: string): void
}

export interface Streams {
  readonly stdout: Sink
  readonly stderr: Sink
}

/** How the person wants to be told: what stands before every command (`--json`, `--progress`). */
export interface Telling {
  readonly json: boolean
  readonly progress: boolean
}

/**
 * What a command says. Results go to stdout, as sentences or, with `--json`, as JSON and nothing else; how far it is goes to stderr, and only
 * where somebody looks at it.
 */
export interface Output {
  readonly json: boolean
  /** A result: `text` for people, `value` as one JSON document on one line. Bytes in it become base64url, maps objects. */
  result(value: unknown, text: string | (() => string)): void
  /** Raw text that was asked for in its own format (a graph), whatever `--json` says. */
  raw(text: string): void
  /** How far something is. Each report takes the place of the one before it; `done` ends the line. */
  progress(report: Progress): void
  /** The line of `progress` is over, and the next thing said stands below it. */
  done(): void
}

export interface Progress {
  readonly what: string
  readonly done: number
  /** Left out while nobody knows. */
  readonly of?: number
}

/** Between two drawn reports of progress, in milliseconds: a terminal is slow, and no eye is faster. */
const PROGRESS_PACE = 100

export function createOutput(streams: Streams, telling: Telling, now: () => number): Output {
  let drawn = 0
  let open = false
  return {
    json: telling.json,
    result(value, text) {
      if (telling.json) streams.stdout.write(`${toJson(value)}\n`)
      else streams.stdout.write(lineOf(typeof text === 'string' ? text : text()))
    },
    raw(text) {
      streams.stdout.write(lineOf(text))
    },
    progress(report) {
      const complete = report.of !== undefined && report.done >= report.of
      if (!telling.progress || (now() - drawn < PROGRESS_PACE && !complete)) return
      drawn = now()
      open = true
      streams.stderr.write(`\r${progressLine(report)}\u001b[K`)
    },
    done() {
      if (open) streams.stderr.write('\n')
      open = false
      drawn = 0
    },
  }
}

/** One line of JSON. Bytes are base64url without padding, as ids are; maps are objects, sets arrays. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (item instanceof Uint8Array) return Buffer.from(item).toString('base64url')
    if (item instanceof Map) return Object.fromEntries(item)
    return item instanceof Set ? [...item] : item
  })
}

/** Columns as wide as their widest cell; numbers stand to the right. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, String(cell).length)
    })
  }
  const pad = (cell: string | number, i: number) =>
    typeof cell === 'number' ? String(cell).padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n')
}

/** Thousands apart, as people read numbers. */
export function count(n: number): string {
  return n.toLocaleString('en-US')
}

const BAR_WIDTH = 30

function progressLine({ what, done, of }: Progress): string {
  if (of === undefined || of === 0) return `${what}: ${count(done)}`
  const share = Math.min(1, done / of)
  const full = Math.round(share * BAR_WIDTH)
  const bar = '#'.repeat(full) + '.'.repeat(BAR_WIDTH - full)
  return `${what} [${bar}] ${Math.floor(share * 100)} %  ${count(done)} of ${count(of)}`
}

function lineOf(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`
}
