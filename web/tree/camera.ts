/** Where the picture stands in its window: `window = picture × scale + (x, y)`, in CSS pixels. */
export interface Camera {
  readonly x: number
  readonly y: number
  readonly scale: number
}

/** A width and a height in CSS pixels. */
export interface Size {
  readonly width: number
  readonly height: number
}

/** Names can be read at 1; further away than this they are specks, and too many to draw at once. */
const LEAST_SCALE = 0.4
const MOST_SCALE = 2

/** Zooms around a point of the window, which stays where it is. */
export function zoomed(
  camera: Camera,
  factor: number,
  at: { readonly x: number; readonly y: number },
): Camera {
  const scale = Math.min(MOST_SCALE, Math.max(LEAST_SCALE, camera.scale * factor))
  const ratio = scale / camera.scale
  return { scale, x: at.x - (at.x - camera.x) * ratio, y: at.y - (at.y - camera.y) * ratio }
}

export function moved(camera: Camera, dx: number, dy: number): Camera {
  return { ...camera, x: camera.x + dx, y: camera.y + dy }
}

/** Moves as little as is needed to have a box of the picture in the window, with some room around it; the upper left corner of one that is too large. */
export function showing(
  camera: Camera,
  window: Size,
  box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
): Camera {
  return {
    scale: camera.scale,
    x: shifted(camera.x, camera.scale, window.width, box.x, box.width),
    y: shifted(camera.y, camera.scale, window.height, box.y, box.height),
  }
}

/** Room that is left at the edge, in CSS pixels. */
const MARGIN = 16

function shifted(offset: number, scale: number, window: number, from: number, length: number): number {
  const start = from * scale + offset
  const end = (from + length) * scale + offset
  if (start < MARGIN || length * scale > window - 2 * MARGIN) return MARGIN - from * scale
  return end > window - MARGIN ? window - MARGIN - (from + length) * scale : offset
}

/** The part of the picture that is drawn: what the window shows and a quarter of that around it, in steps, so that a small move draws nothing anew. */
export interface Part {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** Steps of a window. */
const STEPS = 4

export function partShown({ x, y, scale }: Camera, { width, height }: Size): Part {
  const stepX = Math.max(1, width / scale / STEPS)
  const stepY = Math.max(1, height / scale / STEPS)
  const left = Math.floor(-x / scale / stepX) * stepX
  const top = Math.floor(-y / scale / stepY) * stepY
  return {
    left: left - stepX,
    right: left + (STEPS + 2) * stepX,
    top: top - stepY,
    bottom: top + (STEPS + 2) * stepY,
  }
}
