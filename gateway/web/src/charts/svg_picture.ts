/** A drawing of the page as an SVG file that looks the same without the page's styles. */

const STYLES = ['fill', 'fill-opacity', 'stroke', 'stroke-width', 'font-size', 'font-family'];

/** Copies the drawing in `card` with the styles that it has now; null where there is none. */
export function svgOf(card: Element | null, ground: string): Blob | null {
  const drawn = card?.querySelector('svg');
  if (!drawn) return null;
  const copy = drawn.cloneNode(true) as SVGSVGElement;
  const [sources, targets] = [drawn.querySelectorAll('*'), copy.querySelectorAll('*')];
  sources.forEach((source, index) => {
    const style = getComputedStyle(source);
    for (const name of STYLES) targets[index]?.setAttribute(name, style.getPropertyValue(name));
  });
  copy.prepend(groundOf(drawn, ground));
  return new Blob([new XMLSerializer().serializeToString(copy)], { type: 'image/svg+xml' });
}

function groundOf(drawn: SVGSVGElement, colour: string): SVGRectElement {
  const rect = document.createElementNS(drawn.namespaceURI, 'rect') as SVGRectElement;
  for (const [name, value] of Object.entries({ width: '100%', height: '100%', fill: colour }))
    rect.setAttribute(name, value);
  return rect;
}
