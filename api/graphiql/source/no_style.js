// Stands for react-style-singleton, which would write a style element when a dialog opens, to stop the page behind
// it from scrolling. Our page does not scroll, and its Content-Security-Policy allows no such element.
export const styleSingleton = () => () => null;
