/** What a diagram looks like: alone in a file, and inside a page of the site. */
export function draw(name: string): Promise<{ readonly alone: string; readonly inline: string }>;
