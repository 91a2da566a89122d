"""The measured site serves nothing."""

urlpatterns: list[object] = []
