"""Programs that cannot run on Spike 0.0.5.dev20, each with the reason. They follow the manual."""

NOT_ON_SPIKE = {
}
