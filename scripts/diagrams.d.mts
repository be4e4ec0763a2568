/** The picture of a diagram, as SVG. */
export function draw(name: string): Promise<string>;
